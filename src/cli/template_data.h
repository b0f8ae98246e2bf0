// The data of a new repository: a month of an invented shop, the same at every init.
//
//   data/customers.parquet   6,000 rows   what customers did: orders, spending, channel
//   data/prices.parquet      4,000 rows   what products cost, and how many are there
//   data/spine.parquet       1,000 rows   offers that were made, and whether they were taken
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "column/batch.h"

namespace coeval {

struct TemplateTable {
  std::string file;  // below the repository
  Batch rows;
};

std::vector<TemplateTable> MakeTemplateData();

}  // namespace coeval
