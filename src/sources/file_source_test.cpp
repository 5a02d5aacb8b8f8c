// SPDX-License-Identifier: Apache-2.0
#include "sources/file_source.hpp"

#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sources/input_list.hpp"
#include "sources/made_files.hpp"

namespace endreason {
namespace {

std::unique_ptr<FileSource> opened(const std::string& path) {
  auto source = FileSource::open(path);
  EXPECT_TRUE(source) << source.error().message;
  return source ? std::move(*source) : nullptr;
}

// Makes `descriptor` standard input for as long as it lives.
class StandardInput {
 public:
  explicit StandardInput(int descriptor) : before_(::dup(STDIN_FILENO)) {
    ::dup2(descriptor, STDIN_FILENO);
    ::close(descriptor);
  }
  StandardInput(const StandardInput&) = delete;
  StandardInput& operator=(const StandardInput&) = delete;
  ~StandardInput() {
    ::dup2(before_, STDIN_FILENO);
    ::close(before_);
  }

 private:
  int before_;
};

void write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    ASSERT_GT(count, 0);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

TEST(FileSource, GivesTheBytesOfAFileAndLookingAtItTakesNothing) {
  const MadeFiles files;
  auto source = opened(files.write("a.log", "0123456789"));
  ASSERT_TRUE(source);
  EXPECT_EQ(*source->peek(), "012345");
  EXPECT_EQ(source->position(), 0u);
  EXPECT_EQ(read_back(*source, 4).text, "0123456789");
  EXPECT_EQ(source->position(), 10u);
  EXPECT_EQ(source->size_hint(), 10u);
}

TEST(FileSource, BytesThatAreSetApartAreReadThereAndLeftOutOfReading) {
  const MadeFiles files;
  const std::string path = files.write("a.log", "0123456789");
  auto source = opened(path);
  ASSERT_TRUE(source);
  std::string head(2, ' ');
  ASSERT_EQ(*source->read(head), 2u);
  EXPECT_EQ(source->separable(), 8u);
  EXPECT_EQ(source->set_apart(5), 2u);
  EXPECT_EQ(source->separable(), 3u);
  EXPECT_EQ(source->position(), 7u);
  EXPECT_EQ(read_back(*source, 4).text, "789");
  std::string apart(5, ' ');
  ASSERT_EQ(*source->read_apart(2, apart), 5u);
  EXPECT_EQ(apart, "23456");
  ASSERT_EQ(::truncate(path.c_str(), 4), 0);
  ASSERT_EQ(*source->read_apart(2, apart), 2u) << "less when the file has become shorter";
  ASSERT_EQ(*source->read_apart(4, apart), 0u);
}

TEST(FileSource, AnEmptyFileIsEmpty) {
  const MadeFiles files;
  auto source = open_input({files.write("empty", ""), 0});
  ASSERT_TRUE(source);
  const ReadBack back = read_back(**source);
  EXPECT_EQ(back.text + back.error, "");
}

TEST(FileSource, AMissingFileIsNamed) {
  const auto source = FileSource::open("/nowhere/x.log");
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().code, Error::Code::Io);
  EXPECT_NE(source.error().message.find("/nowhere/x.log"), std::string::npos);
}

TEST(FileSource, AFolderOpenedAsAFileIsAnErrorThatStays) {
  const MadeFiles files;
  auto source = opened(files.folder());
  ASSERT_TRUE(source);
  const ReadBack back = read_back(*source);
  EXPECT_NE(back.error.find(files.folder()), std::string::npos);
  EXPECT_EQ(read_back(*source).error, back.error);
}

TEST(FileSource, AFileThatGrowsIsReadToItsEndAtTheTime) {
  const MadeFiles files;
  auto source = opened(files.write("a.log", "first\n"));
  ASSERT_TRUE(source);
  char buffer[6];
  ASSERT_EQ(*source->read(buffer), 6u);
  files.write("a.log", "first\nsecond\n");  // the same file, longer
  EXPECT_EQ(read_back(*source).text, "second\n");
}

TEST(FileSource, AFileThatShrinksEndsEarlyWithoutHarm) {
  const MadeFiles files;
  const std::string path = files.write("a.log", std::string(1 << 20, 'x'));
  auto source = opened(path);
  ASSERT_TRUE(source);
  char buffer[1000];
  ASSERT_EQ(*source->read(buffer), 1000u);
  ASSERT_EQ(::truncate(path.c_str(), 10), 0);
  const ReadBack back = read_back(*source);
  EXPECT_EQ(back.text + back.error, "");
}

TEST(FileSource, StandardInputIsRecognisedByContentFromAPipe) {
  const MadeFiles files;
  const std::string text = log_like_text(5'000);
  for (const std::string command : {"cat", "gzip -c", "zstd -q -c"}) {
    const std::string stored = files.made_by(command, text);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const StandardInput standard_input(ends[0]);
    std::thread writer([&] {
      write_all(ends[1], stored.substr(0, 1));  // a magic number may arrive in pieces
      ::usleep(1000);
      write_all(ends[1], stored.substr(1));
      ::close(ends[1]);
    });
    auto source = open_input({"-", std::nullopt});
    if (source) EXPECT_TRUE(read_back(**source).text == text) << command;
    writer.join();
    ASSERT_TRUE(source) << source.error().message;
    EXPECT_EQ((*source)->name(), "-");
  }
}

TEST(FileSource, StandardInputThatIsAFileContinuesWhereItStands) {
  const MadeFiles files;
  const int descriptor = ::open(files.write("a.log", "header\nrest\n").c_str(), O_RDONLY);
  ASSERT_EQ(::lseek(descriptor, 7, SEEK_SET), 7);
  const StandardInput standard_input(descriptor);
  auto source = open_input({"-", std::nullopt});
  ASSERT_TRUE(source);
  EXPECT_EQ(read_back(**source).text, "rest\n");
}

TEST(FileSource, AShortLineFromALivePipeIsGivenAtOnce) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const StandardInput standard_input(ends[0]);
  write_all(ends[1], "1\n");  // and the pipe stays open
  auto source = open_input({"-", std::nullopt});
  ASSERT_TRUE(source);
  char buffer[100];
  EXPECT_EQ(*(*source)->read(buffer), 2u);
  ::close(ends[1]);
  EXPECT_EQ(*(*source)->read(buffer), 0u);
}

TEST(FileSource, ANonBlockingPipeIsWaitedFor) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_NONBLOCK), 0);
  const StandardInput standard_input(ends[0]);
  std::thread writer([&] {
    ::usleep(20'000);
    write_all(ends[1], "late\n");
    ::close(ends[1]);
  });
  auto source = open_input({"-", std::nullopt});
  const ReadBack back = source ? read_back(**source) : ReadBack{};
  writer.join();
  EXPECT_EQ(back.text, "late\n");
  EXPECT_EQ(back.error, "");
}

TEST(FileSource, ANamedPipeIsRead) {
  const MadeFiles files;
  const std::string path = files.path("fifo");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::thread writer([&] { files.write("fifo", "through the pipe\n"); });
  auto source = open_input({path, std::nullopt});
  const ReadBack back = source ? read_back(**source) : ReadBack{};
  writer.join();
  EXPECT_EQ(back.text, "through the pipe\n");
}

}  // namespace
}  // namespace endreason
