// SPDX-License-Identifier: Apache-2.0
// embed.mjs DIST OUT.cpp: writes the files of DIST down as constant data, for embedded_web_files()
// of src/server/web_files.hpp. The same files give the same source.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
};

// Scripts and styles come from the program alone; uPlot and the virtual table place their boxes by
// style attributes set from script, which this allows.
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

function filesUnder(folder, prefix = "") {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesUnder(path, `${prefix}/${name}`) : [`${prefix}/${name}`];
  });
}

function bytesOf(name, buffer) {
  const rows = [];
  for (let at = 0; at < buffer.length; at += 32)
    rows.push([...buffer.subarray(at, at + 32)].join(",") + ",");
  return `constexpr unsigned char ${name}[] = {\n${rows.join("\n")}\n};\n`;
}

function view(name, length) {
  return length === 0 ? "{}" : `view(${name}, ${length})`;
}

const [dist, out] = process.argv.slice(2);
if (!dist || !out) {
  console.error("usage: embed.mjs DIST OUT.cpp");
  process.exit(2);
}

let data = "";
const rows = [];
// Sorted by bytes, as std::string_view compares.
const paths = filesUnder(dist).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
paths.forEach((path, index) => {
  const type = types[extname(path)];
  if (!type) throw new Error(`embed.mjs: no content type is known for ${path}: add it to the table`);
  const bytes = readFileSync(join(dist, path));
  const packed = gzipSync(bytes, { level: 9 });
  packed[9] = 255; // the operating system byte: the same everywhere
  const gzip = packed.length < bytes.length * 0.9 ? packed : Buffer.alloc(0);
  const etag = createHash("sha256").update(bytes).digest("hex").slice(0, 24);
  const keep = path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache";
  data += bytesOf(`kBytes${index}`, bytes);
  if (gzip.length > 0) data += bytesOf(`kGzip${index}`, gzip);
  rows.push(
    `    EmbeddedWebFile{${JSON.stringify(path)},\n     {${JSON.stringify(type)}, "\\"${etag}\\"", ${JSON.stringify(keep)}, kPolicy,\n` +
      `      ${view(`kBytes${index}`, bytes.length)}, ${view(`kGzip${index}`, gzip.length)}}},`,
  );
});

writeFileSync(
  out,
  `// SPDX-License-Identifier: Apache-2.0
// Made by web/tools/embed.mjs.
#include <array>

#include "server/web_files.hpp"

namespace endreason {
namespace {

constexpr std::string_view kPolicy = ${JSON.stringify(policy)};

${data}
std::string_view view(const unsigned char* bytes, std::size_t length) {
  return {reinterpret_cast<const char*>(bytes), length};
}

}  // namespace

std::span<const EmbeddedWebFile> embedded_web_files() {
  static const std::array kFiles = {
${rows.join("\n")}
  };
  return kFiles;
}

}  // namespace endreason
`,
);
