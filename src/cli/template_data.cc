#include "cli/template_data.h"

#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include "base/time.h"
#include "column/builder.h"

namespace coeval {
namespace {

constexpr std::int64_t kCustomers = 300;
constexpr std::int64_t kCustomerRows = 6000;
constexpr std::int64_t kPriceRows = 4000;
constexpr std::int64_t kOffers = 1000;
constexpr TimeMicros kFirstDay = 1'738'368'000 * kSecond;  // 2025-02-01T00:00:00Z
constexpr DurationMicros kMonth = 28 * kDay;
constexpr std::array<std::string_view, 4> kChannels{"app", "web", "shop", "phone"};
constexpr std::array<std::string_view, 12> kProducts{"tea",   "coffee", "cocoa",  "honey",
                                                     "bread", "butter", "cheese", "apples",
                                                     "plums", "rice",   "beans",  "salt"};

// SplitMix64: small, and the same on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  // Of 0 .. n - 1.
  std::int64_t Below(std::int64_t n) {
    return static_cast<std::int64_t>(Next() % static_cast<std::uint64_t>(n));
  }

  // In [0, 1).
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

 private:
  std::uint64_t Next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

double Cents(double amount) {
  return std::round(amount * 100) / 100;
}

// Rows come in order of time, at whole seconds.
TimeMicros TimeOfRow(std::int64_t row, std::int64_t rows, Random* random) {
  const DurationMicros step = kMonth / rows;
  return kFirstDay + (row * step + random->Below(step)) / kSecond * kSecond;
}

Batch BatchOf(std::vector<std::string> names, std::vector<ColumnBuilder>* builders,
              std::int64_t rows) {
  Batch batch;
  batch.num_rows = rows;
  for (std::size_t i = 0; i < names.size(); ++i) {
    batch.schema.Add(std::move(names[i]), (*builders)[i].type());
    batch.columns.push_back((*builders)[i].Finish());
  }
  return batch;
}

std::vector<ColumnBuilder> BuildersOf(const std::vector<TypeId>& types) {
  std::vector<ColumnBuilder> builders;
  for (const TypeId type : types) builders.emplace_back(DataType(type));
  return builders;
}

Batch MakeCustomers() {
  Random random(1);
  std::vector<ColumnBuilder> columns = BuildersOf(
      {TypeId::kInt64, TypeId::kTimestamp, TypeId::kInt64, TypeId::kFloat64, TypeId::kString});
  std::array<std::int64_t, kCustomers> orders{};
  std::array<double, kCustomers> spent{};
  for (std::int64_t row = 0; row < kCustomerRows; ++row) {
    const std::int64_t customer = random.Below(kCustomers);
    const auto i = static_cast<std::size_t>(customer);
    orders[i] += 1 + random.Below(3);
    spent[i] = Cents(spent[i] + 3 + 40 * random.Unit());
    columns[0].AppendInt(customer + 1);
    columns[1].AppendInt(TimeOfRow(row, kCustomerRows, &random));
    columns[2].AppendInt(orders[i]);
    columns[3].AppendDouble(spent[i]);
    const std::int64_t channel = random.Below(20);
    if (channel == 0) {
      columns[4].AppendNull();  // nobody knows
    } else {
      columns[4].AppendBytes(kChannels[static_cast<std::size_t>(channel) % kChannels.size()]);
    }
  }
  return BatchOf({"customer_id", "event_timestamp", "orders", "spent", "channel"}, &columns,
                 kCustomerRows);
}

Batch MakePrices() {
  Random random(2);
  std::vector<ColumnBuilder> columns =
      BuildersOf({TypeId::kString, TypeId::kTimestamp, TypeId::kFloat64, TypeId::kInt64});
  std::array<double, kProducts.size()> prices{};
  for (double& price : prices) price = 2 + 12 * random.Unit();
  for (std::int64_t row = 0; row < kPriceRows; ++row) {
    const auto product = static_cast<std::size_t>(random.Below(std::ssize(kProducts)));
    prices[product] = std::max(0.5, prices[product] * (0.97 + 0.06 * random.Unit()));
    columns[0].AppendBytes(kProducts[product]);
    columns[1].AppendInt(TimeOfRow(row, kPriceRows, &random));
    columns[2].AppendDouble(Cents(prices[product]));
    columns[3].AppendInt(random.Below(200));
  }
  return BatchOf({"product", "event_timestamp", "price", "stock"}, &columns, kPriceRows);
}

Batch MakeSpine() {
  Random random(3);
  std::vector<ColumnBuilder> columns = BuildersOf(
      {TypeId::kTimestamp, TypeId::kInt64, TypeId::kString, TypeId::kInt64, TypeId::kBool});
  for (std::int64_t row = 0; row < kOffers; ++row) {
    columns[0].AppendInt(TimeOfRow(row, kOffers, &random));
    columns[1].AppendInt(1 + random.Below(kCustomers));
    columns[2].AppendBytes(
        kProducts[static_cast<std::size_t>(random.Below(std::ssize(kProducts)))]);
    columns[3].AppendInt(1 + random.Below(5));
    columns[4].AppendBool(random.Below(3) == 0);
  }
  return BatchOf({"event_timestamp", "customer_id", "product", "quantity", "taken"}, &columns,
                 kOffers);
}

}  // namespace

std::vector<TemplateTable> MakeTemplateData() {
  std::vector<TemplateTable> tables;
  tables.push_back({"data/customers.parquet", MakeCustomers()});
  tables.push_back({"data/prices.parquet", MakePrices()});
  tables.push_back({"data/spine.parquet", MakeSpine()});
  return tables;
}

}  // namespace coeval
