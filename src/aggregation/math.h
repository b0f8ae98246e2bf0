// The few functions of mathematics that aggregates use: SLEEF's deterministic variants, as in
// expressions, so that they give the same bits on every processor (rule 6.4).
#pragma once

namespace coeval {

double DeterministicExp2(double x);
double DeterministicExp(double x);
double DeterministicLog(double x);
double DeterministicLog2(double x);

}  // namespace coeval
