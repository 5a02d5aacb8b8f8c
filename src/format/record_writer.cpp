// SPDX-License-Identifier: Apache-2.0
#include "format/record_writer.hpp"

#include "format/writers.hpp"

namespace endreason {

std::unique_ptr<RecordWriter> make_writer(const WriterOptions& options) {
  switch (options.format) {
    case OutputFormat::Table:
      return make_table_writer(options);
    case OutputFormat::Card:
      return make_card_writer(options);
    case OutputFormat::Csv:
      return make_csv_writer(options);
    case OutputFormat::Ndjson:
      break;
    case OutputFormat::Panos:
      return make_panos_writer(options);
    case OutputFormat::Raw:
      return make_raw_writer();
    case OutputFormat::Ecs:
      return make_ecs_writer(options);
    case OutputFormat::Ocsf:
      return make_ocsf_writer(options);
  }
  return options.columns.empty() ? make_ndjson_writer(options)
                                 : make_ndjson_columns_writer(options);
}

}  // namespace endreason
