// SPDX-License-Identifier: Apache-2.0
// Words to the service manager that started the program, by its protocol of datagrams: lines
// NAME=value to the socket that $NOTIFY_SOCKET names. Without one nothing happens.
#pragma once

#include <string>

namespace endreason {

void notify_service_manager(const std::string& lines);
// What a reload begins with; it ends with READY=1.
std::string reloading_message();

}  // namespace endreason
