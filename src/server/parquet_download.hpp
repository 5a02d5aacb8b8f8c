// SPDX-License-Identifier: Apache-2.0
// GET /records?format=parquet: the store writes the rows to a file, which is sent and removed.
#pragma once

#include "server/api_support.hpp"

namespace endreason {

HttpResponse download_parquet(const ApiContext& context, const Scope& scope);
// Files of downloads that a process before this one did not live to remove.
void remove_left_downloads(const std::string& folder);

}  // namespace endreason
