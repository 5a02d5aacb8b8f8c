// SPDX-License-Identifier: Apache-2.0
#include "base/child_process_for_test.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>
#include <utility>

namespace endreason {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& arguments,
                           const std::vector<std::string>& environment) {
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) return;
  std::vector<std::string> argument_texts = arguments;
  std::vector<std::string> variables = environment;
  for (char** variable = environ; *variable != nullptr; ++variable)
    variables.emplace_back(*variable);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  const int failed = posix_spawnp(&process_, argument_texts[0].c_str(), &actions, nullptr,
                                  pointers(argument_texts).data(), pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) process_ = -1;
  close(in[0]);
  close(out[1]);
  input_ = in[1];
  output_ = out[0];
}

ChildProcess::~ChildProcess() {
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  close_input();
  if (output_ >= 0) close(output_);
}

std::string ChildProcess::read_some() {
  pollfd waiting{output_, POLLIN, 0};
  if (poll(&waiting, 1, static_cast<int>(std::chrono::milliseconds(kLongest).count())) != 1)
    return {};
  std::string bytes(4096, '\0');
  const ssize_t count = read(output_, bytes.data(), bytes.size());
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

std::string ChildProcess::read_line() {
  std::string line;
  pollfd waiting{output_, POLLIN, 0};
  char c = 0;
  while (poll(&waiting, 1, static_cast<int>(std::chrono::milliseconds(kLongest).count())) == 1 &&
         read(output_, &c, 1) == 1 && c != '\n')
    line += c;
  return line;
}

void ChildProcess::close_input() {
  if (input_ >= 0) close(std::exchange(input_, -1));
}

void ChildProcess::kill() {
  if (process_ > 0) ::kill(process_, SIGKILL);
}

std::optional<int> ChildProcess::wait() {
  const auto end = std::chrono::steady_clock::now() + kLongest;
  int status = 0;
  while (process_ > 0) {
    if (waitpid(process_, &status, WNOHANG) == process_) {
      process_ = -1;
      return status;
    }
    if (std::chrono::steady_clock::now() > end) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return std::nullopt;
}

std::vector<std::string> this_program_with_test(const std::string& test) {
  return {"/proc/self/exe", "--gtest_filter=" + test, "--gtest_also_run_disabled_tests",
          "--gtest_brief=1", "--gtest_output="};
}

}  // namespace endreason
