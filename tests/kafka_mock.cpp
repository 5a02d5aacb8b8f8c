// SPDX-License-Identifier: Apache-2.0
// A Kafka cluster for tests that start programs: kafka_mock TOPIC PARTITIONS prints the address of
// its broker, sends each line "PARTITION<tab>MESSAGE" of standard input to the topic, answers the
// line "flush" with "flushed" when all before it are there, and ends with its input. "\n" in a
// message is a newline.
#include <cstdio>
#include <iostream>
#include <string>

#include "sources/kafka_mock_for_test.hpp"

int main(int arguments, char** argument) {
  if (arguments != 3) {
    std::fputs("kafka_mock TOPIC PARTITIONS\n", stderr);
    return 2;
  }
  const std::string topic = argument[1];
  endreason::KafkaMock kafka;
  kafka.add_topic(topic, std::stoi(argument[2]));
  std::cout << kafka.brokers() << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
    if (line == "flush") {
      std::cout << (kafka.flush() ? "flushed" : "not flushed") << std::endl;
      continue;
    }
    const std::size_t tab = line.find('\t');
    if (tab == std::string::npos) return 2;
    std::string message = line.substr(tab + 1);
    for (std::size_t at = 0; (at = message.find("\\n", at)) != std::string::npos; ++at)
      message.replace(at, 2, "\n");
    kafka.produce(topic, std::stoi(line.substr(0, tab)), message);
  }
  return 0;
}
