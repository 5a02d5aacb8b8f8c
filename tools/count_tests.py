#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up the results of a ctest run: "PASSED FAILED SKIPPED" on the first line, then one line for each failure.

usage: count_tests.py JUNIT_FILE GTEST_FOLDER
A test of ctest that is a GoogleTest program counts as the cases in its own report (GTEST_FOLDER holds
NAME.xml for the program NAME); any other counts as one. A program that broke off, or failed behind a report
without failures (a leak found at exit), counts as one failure more.
"""
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def gtest_counts(report):
    passed, skipped, failures = 0, 0, []
    for case in ElementTree.parse(report).iter("testcase"):
        if case.get("name").startswith("DISABLED_"):
            continue  # no test, but a process that another test starts
        name = f'{case.get("classname")}.{case.get("name")}'
        if case.find("failure") is not None:
            failures.append(name)
        elif case.get("result") == "skipped" or case.get("status") == "notrun":
            skipped += 1
        else:
            passed += 1
    return passed, skipped, failures


def main(junit, gtest_folder):
    passed, skipped, failures = 0, 0, []
    for test in ElementTree.parse(junit).iter("testcase"):
        name, status = test.get("name"), test.get("status")
        report = pathlib.Path(gtest_folder) / f"{name}_test.xml"
        found = []
        if report.exists():
            more_passed, more_skipped, found = gtest_counts(report)
            passed += more_passed
            skipped += more_skipped
            failures += found
        elif status == "run":
            passed += 1
        elif status in ("notrun", "disabled"):
            skipped += 1
        if status == "fail" and not found:
            failures.append(f"{name}: the program failed as a whole")
    print(passed, len(failures), skipped)
    for failure in failures:
        print(failure)


if __name__ == "__main__":
    main(*sys.argv[1:])
