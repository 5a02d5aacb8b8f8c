// SPDX-License-Identifier: Apache-2.0
#include "server/parquet_download.hpp"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

namespace endreason {
namespace {

constexpr std::size_t kPart = 256 * 1024;
constexpr unsigned kAtOnce = 2;
constexpr std::string_view kPrefix = "download-";
// A file has to be written as a whole before its first byte is sent, whatever time questions have.
constexpr auto kTime = std::chrono::hours(1);

std::atomic<unsigned> under_way{0};
std::atomic<std::uint64_t> made{0};

// The place in the store's folder, and one of the few that may be taken.
class ExportFile {
 public:
  explicit ExportFile(const std::string& folder)
      : path_(fmt::format("{}/{}{}-{}.parquet", folder, kPrefix, ::getpid(), ++made)) {
    ++under_way;
  }
  ~ExportFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
    --under_way;
  }
  ExportFile(const ExportFile&) = delete;
  ExportFile& operator=(const ExportFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class FileStream final : public HttpStream {
 public:
  explicit FileStream(std::unique_ptr<ExportFile> file)
      : file_(std::move(file)), bytes_(file_->path(), std::ios::binary) {}

  State next(std::string& out) override {
    const std::size_t before = out.size();
    out.resize(before + kPart);
    bytes_.read(out.data() + before, kPart);
    out.resize(before + static_cast<std::size_t>(bytes_.gcount()));
    if (bytes_) return State::More;
    return bytes_.eof() && !bytes_.bad() ? State::End : State::Failed;
  }

 private:
  std::unique_ptr<ExportFile> file_;
  std::ifstream bytes_;
};

}  // namespace

HttpResponse download_parquet(const ApiContext& context, const Scope& scope) {
  const std::string& folder = context.options.export_folder;
  if (folder.empty())
    return error_answer(ApiError::BadParameter, "format: this server has no folder for exports");
  if (under_way >= kAtOnce)
    return error_answer(ApiError::Busy, fmt::format("{} Parquet files are made already", kAtOnce),
                        "try again when one of them is done");
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  auto file = std::make_unique<ExportFile>(folder);
  QueryLimits limits = context.limits();
  limits.time = kTime;
  if (auto written = context.store.export_parquet(scope.rows(), file->path(), limits); !written)
    return store_error(written.error());
  HttpResponse response;
  response.content_type = "application/vnd.apache.parquet";
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"traffic.parquet\"");
  response.stream = std::make_shared<FileStream>(std::move(file));
  return response;
}

void remove_left_downloads(const std::string& folder) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
    if (entry.path().filename().string().starts_with(kPrefix))
      std::filesystem::remove(entry.path(), ignored);
}

}  // namespace endreason
