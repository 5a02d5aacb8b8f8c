#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The embedded engine of ClickHouse behind as much of its HTTP interface as endreason uses, so that
tests written for a server run against an engine of today.

  ENDREASON_CHDB=.../libchdb.so tests/chdb_server.py

Listens on a free port of loopback, prints one line of JSON ({"http": [port], "folder": ...}), and
ends when its standard input ends. One query at a time. What a query must not do (readonly) is not
kept from it, and everybody is let in.
"""
import ctypes
import http.server
import json
import os
import shutil
import struct
import sys
import tempfile
import threading
import urllib.parse

KEPT_SETTINGS = {"max_execution_time": "0", "insert_deduplication_token": "''"}


class Engine:
    def __init__(self, library, folder):
        self.library = ctypes.CDLL(library)
        pointer = ctypes.c_void_p
        self.library.chdb_connect.restype = ctypes.POINTER(pointer)
        self.library.chdb_connect.argtypes = [ctypes.c_int, ctypes.POINTER(ctypes.c_char_p)]
        self.library.chdb_query_n.restype = pointer
        self.library.chdb_query_n.argtypes = [pointer, ctypes.c_char_p, ctypes.c_size_t,
                                              ctypes.c_char_p, ctypes.c_size_t]
        self.library.chdb_result_buffer.restype = pointer
        self.library.chdb_result_length.restype = ctypes.c_size_t
        self.library.chdb_result_error.restype = ctypes.c_char_p
        for function in ("buffer", "length", "error"):
            getattr(self.library, "chdb_result_" + function).argtypes = [pointer]
        self.library.chdb_destroy_query_result.argtypes = [pointer]
        arguments = [b"clickhouse", b"--path=" + folder.encode()]
        self.connection = self.library.chdb_connect(
            len(arguments), (ctypes.c_char_p * len(arguments))(*arguments))

    def query(self, sql):
        """The bytes of the answer, and the error or None."""
        form = b"TabSeparated"
        result = self.library.chdb_query_n(self.connection[0], sql, len(sql), form, len(form))
        try:
            error = self.library.chdb_result_error(result)
            size = self.library.chdb_result_length(result)
            body = ctypes.string_at(self.library.chdb_result_buffer(result), size) if size else b""
            return body, error
        finally:
            self.library.chdb_destroy_query_result(result)


def unpacked(body):
    """Blocks of ClickHouse's own compression by LZ4, without a look at their checksums."""
    lz4 = ctypes.CDLL("liblz4.so.1")
    out = []
    at = 0
    while at < len(body):
        method, packed, plain = struct.unpack_from("<BII", body, at + 16)
        assert method == 0x82, f"compression method {method:#x}"
        piece = ctypes.create_string_buffer(plain)
        got = lz4.LZ4_decompress_safe(body[at + 25:at + 16 + packed], piece, packed - 9, plain)
        assert got == plain, f"a block of {plain} bytes gave {got}"
        out.append(piece.raw)
        at += 16 + packed
    return b"".join(out)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def read_body(self):
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def do_GET(self):
        self.answer({}, b"SELECT 1")

    def do_POST(self):
        parameters = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        body = self.read_body()
        if parameters.get("decompress") == "1":
            body = unpacked(body)
        if "query" not in parameters:
            return self.answer(parameters, body)
        sql = parameters["query"].encode()
        if not body:
            return self.answer(parameters, sql)
        with tempfile.NamedTemporaryFile(dir=self.server.folder, suffix=".data") as file:
            file.write(body)
            file.flush()
            head, form = sql.rsplit(b"FORMAT", 1)
            self.answer(parameters,
                        head + b"FROM INFILE '" + file.name.encode() + b"' FORMAT" + form)

    def answer(self, parameters, sql):
        with self.server.lock:
            error = None
            before = [f"SET {name} = '{parameters[name]}'"
                      for name in KEPT_SETTINGS if name in parameters]
            before.append("USE " + parameters.get("database", "default"))
            for statement in before:
                body, error = self.server.engine.query(statement.encode())
                if error:
                    break
            if not error:
                body, error = self.server.engine.query(sql)
            for name in KEPT_SETTINGS:
                if name in parameters:
                    self.server.engine.query(f"SET {name} = {KEPT_SETTINGS[name]}".encode())
        if error:
            body = error
        self.send_response(500 if error else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if os.environ.get("ENDREASON_CHDB_SHOW"):
            print(sql[:2000].decode(errors="replace"), "->",
                  error.decode()[:500] if error else f"{len(body)} bytes", file=sys.stderr)


def main():
    folder = tempfile.mkdtemp(prefix="endreason-chdb-")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.lock = threading.Lock()
    server.folder = folder
    server.engine = Engine(os.environ["ENDREASON_CHDB"], folder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"http": [server.server_port], "folder": folder}), flush=True)
    sys.stdin.read()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)  # the engine's threads go on


if __name__ == "__main__":
    main()
