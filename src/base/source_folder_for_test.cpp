// SPDX-License-Identifier: Apache-2.0
#include "base/source_folder_for_test.hpp"

namespace endreason {

std::string source_folder() {
  return ENDREASON_SOURCE_DIR;
}

}  // namespace endreason
