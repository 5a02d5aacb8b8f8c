// SPDX-License-Identifier: Apache-2.0
// The writers that make_writer chooses from. Inside room format only. Each belongs to one thread
// and keeps its own copy of the options.
#pragma once

#include <memory>

#include "format/record_writer.hpp"

namespace endreason {

std::unique_ptr<RecordWriter> make_ndjson_writer(const WriterOptions& options);
// NDJSON of exactly these columns.
std::unique_ptr<RecordWriter> make_ndjson_columns_writer(const WriterOptions& options);
std::unique_ptr<RecordWriter> make_csv_writer(const WriterOptions& options);
std::unique_ptr<RecordWriter> make_panos_writer(const WriterOptions& options);
std::unique_ptr<RecordWriter> make_raw_writer();
std::unique_ptr<RecordWriter> make_table_writer(const WriterOptions& options);
std::unique_ptr<RecordWriter> make_card_writer(const WriterOptions& options);
std::unique_ptr<RecordWriter> make_ecs_writer(const WriterOptions& options);
std::unique_ptr<RecordWriter> make_ocsf_writer(const WriterOptions& options);

}  // namespace endreason
