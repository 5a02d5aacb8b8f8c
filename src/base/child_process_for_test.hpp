// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace endreason {

// Another program that a test needs. It is spawned, never only forked: a fork of a process with
// threads has copies of their locks that nobody opens again, and a test that waits for such a child
// waits for ever. Every wait here has an end for the same reason.
class ChildProcess {
 public:
  static constexpr std::chrono::seconds kLongest{120};

  // arguments[0] is looked for in PATH. Standard input and output are pipes to the test, standard
  // error is the test's own. `environment` ("NAME=value") is added to the test's.
  explicit ChildProcess(const std::vector<std::string>& arguments,
                        const std::vector<std::string>& environment = {});
  // Kills it where it still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // One line without its end; what came of it when the output ends or kLongest has passed.
  std::string read_line();
  // The next bytes of the output; empty at its end and when nothing came within kLongest.
  std::string read_some();
  void close_input();
  void kill();
  // The status of waitpid(2); none where it never started, or had to be killed after kLongest.
  std::optional<int> wait();

 private:
  pid_t process_ = -1;
  int input_ = -1;
  int output_ = -1;
};

// The arguments that run one test of this very program alone; a test that is no test of itself but
// the other side of one is named DISABLED_.
std::vector<std::string> this_program_with_test(const std::string& test);

}  // namespace endreason
