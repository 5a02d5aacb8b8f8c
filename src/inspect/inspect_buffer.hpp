// SPDX-License-Identifier: Apache-2.0
// InspectBuffer: the parts of a conversation that a rule can look into, each with the names that
// rules give it. Names: Suricata 7 and 8 rule language, as its public documentation lists them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/enum_table.hpp"

namespace endreason::inspect {

// The protocol inside TCP or UDP, as far as inspection tells them apart.
enum class AppLayer : std::uint8_t { Unknown, Http, Tls, Dns, Ssh, Smtp, Ftp, Smb, None };
struct AppLayerInfo {
  AppLayer value;
  std::string_view log_name;
};
inline constexpr auto kAppLayers = std::to_array<AppLayerInfo>({
    {AppLayer::Unknown, "unknown"},
    {AppLayer::Http, "http"},
    {AppLayer::Tls, "tls"},
    {AppLayer::Dns, "dns"},
    {AppLayer::Ssh, "ssh"},
    {AppLayer::Smtp, "smtp"},
    {AppLayer::Ftp, "ftp"},
    {AppLayer::Smb, "smb"},
    {AppLayer::None, "failed"},  // none of these
});
static_assert(rows_in_enum_order(kAppLayers) && log_names_unique(kAppLayers));

// The two sides of a session as bits: where a buffer comes from, where a rule looks.
enum Side : std::uint8_t { kNoSide = 0, kFromClient = 1, kFromServer = 2, kBothSides = 3 };

enum class BufferShape : std::uint8_t {
  Payload,  // bytes of packets and of the reassembled stream
  Packet,   // a header of the packet
  Whole,    // there at once
  Several,  // a transaction may have several; each is looked into by itself
  Growing,  // comes in pieces: bodies
};

enum class InspectBuffer : std::uint8_t {
  Payload,
  Ipv4Header,
  Ipv6Header,
  TcpHeader,
  UdpHeader,
  Icmpv4Header,
  Icmpv6Header,
  HttpMethod,
  HttpUri,
  HttpUriRaw,
  HttpProtocol,
  HttpRequestLine,
  HttpResponseLine,
  HttpHeader,
  HttpHeaderRaw,
  HttpHeaderNames,
  HttpStart,
  HttpRequestHeader,
  HttpResponseHeader,
  HttpHost,
  HttpHostRaw,
  HttpUserAgent,
  HttpReferer,
  HttpCookie,
  HttpAccept,
  HttpAcceptEncoding,
  HttpAcceptLanguage,
  HttpConnection,
  HttpContentType,
  HttpContentLength,
  HttpServer,
  HttpLocation,
  HttpStatusCode,
  HttpStatusMessage,
  HttpRequestBody,
  HttpResponseBody,
  FileData,
  TlsSni,
  TlsSubject,
  TlsIssuer,
  TlsSerial,
  TlsFingerprint,
  TlsSubjectAltName,
  TlsAlpn,
  TlsRandom,
  Ja3Hash,
  Ja3String,
  Ja3sHash,
  Ja3sString,
  DnsQuery,
  DnsQueryNames,
  DnsAnswerNames,
  SshProtocol,
  SshSoftware,
  SshHassh,
  SshHasshString,
  SshHasshServer,
  SshHasshServerString,
};

struct InspectBufferInfo {
  InspectBuffer value;
  std::string_view log_name;  // the sticky buffer
  std::string_view modifier;  // the old modifier of a content; empty: none
  char pcre_flag;             // of the old pcre; 0: none
  AppLayer layer;
  Side sides;
  BufferShape shape;
};
inline constexpr auto kInspectBuffers = std::to_array<InspectBufferInfo>({
    {InspectBuffer::Payload, "pkt_data", "rawbytes", 'B', AppLayer::Unknown, kBothSides,
     BufferShape::Payload},
    {InspectBuffer::Ipv4Header, "ipv4.hdr", "", 0, AppLayer::Unknown, kBothSides,
     BufferShape::Packet},
    {InspectBuffer::Ipv6Header, "ipv6.hdr", "", 0, AppLayer::Unknown, kBothSides,
     BufferShape::Packet},
    {InspectBuffer::TcpHeader, "tcp.hdr", "", 0, AppLayer::Unknown, kBothSides,
     BufferShape::Packet},
    {InspectBuffer::UdpHeader, "udp.hdr", "", 0, AppLayer::Unknown, kBothSides,
     BufferShape::Packet},
    {InspectBuffer::Icmpv4Header, "icmpv4.hdr", "", 0, AppLayer::Unknown, kBothSides,
     BufferShape::Packet},
    {InspectBuffer::Icmpv6Header, "icmpv6.hdr", "", 0, AppLayer::Unknown, kBothSides,
     BufferShape::Packet},
    {InspectBuffer::HttpMethod, "http.method", "http_method", 'M', AppLayer::Http, kFromClient,
     BufferShape::Whole},
    {InspectBuffer::HttpUri, "http.uri", "http_uri", 'U', AppLayer::Http, kFromClient,
     BufferShape::Whole},
    {InspectBuffer::HttpUriRaw, "http.uri.raw", "http_raw_uri", 'I', AppLayer::Http, kFromClient,
     BufferShape::Whole},
    {InspectBuffer::HttpProtocol, "http.protocol", "http_protocol", 0, AppLayer::Http, kBothSides,
     BufferShape::Whole},
    {InspectBuffer::HttpRequestLine, "http.request_line", "http_request_line", 0, AppLayer::Http,
     kFromClient, BufferShape::Whole},
    {InspectBuffer::HttpResponseLine, "http.response_line", "http_response_line", 0, AppLayer::Http,
     kFromServer, BufferShape::Whole},
    {InspectBuffer::HttpHeader, "http.header", "http_header", 'H', AppLayer::Http, kBothSides,
     BufferShape::Whole},
    {InspectBuffer::HttpHeaderRaw, "http.header.raw", "http_raw_header", 'D', AppLayer::Http,
     kBothSides, BufferShape::Whole},
    {InspectBuffer::HttpHeaderNames, "http.header_names", "http_header_names", 0, AppLayer::Http,
     kBothSides, BufferShape::Whole},
    {InspectBuffer::HttpStart, "http.start", "http_start", 0, AppLayer::Http, kBothSides,
     BufferShape::Whole},
    {InspectBuffer::HttpRequestHeader, "http.request_header", "", 0, AppLayer::Http, kFromClient,
     BufferShape::Several},
    {InspectBuffer::HttpResponseHeader, "http.response_header", "", 0, AppLayer::Http, kFromServer,
     BufferShape::Several},
    {InspectBuffer::HttpHost, "http.host", "http_host", 'W', AppLayer::Http, kFromClient,
     BufferShape::Whole},
    {InspectBuffer::HttpHostRaw, "http.host.raw", "http_raw_host", 'Z', AppLayer::Http, kFromClient,
     BufferShape::Whole},
    {InspectBuffer::HttpUserAgent, "http.user_agent", "http_user_agent", 'V', AppLayer::Http,
     kFromClient, BufferShape::Whole},
    {InspectBuffer::HttpReferer, "http.referer", "http_referer", 0, AppLayer::Http, kFromClient,
     BufferShape::Whole},
    {InspectBuffer::HttpCookie, "http.cookie", "http_cookie", 'C', AppLayer::Http, kBothSides,
     BufferShape::Whole},
    {InspectBuffer::HttpAccept, "http.accept", "http_accept", 0, AppLayer::Http, kFromClient,
     BufferShape::Whole},
    {InspectBuffer::HttpAcceptEncoding, "http.accept_enc", "http_accept_enc", 0, AppLayer::Http,
     kFromClient, BufferShape::Whole},
    {InspectBuffer::HttpAcceptLanguage, "http.accept_lang", "http_accept_lang", 0, AppLayer::Http,
     kFromClient, BufferShape::Whole},
    {InspectBuffer::HttpConnection, "http.connection", "http_connection", 0, AppLayer::Http,
     kBothSides, BufferShape::Whole},
    {InspectBuffer::HttpContentType, "http.content_type", "http_content_type", 0, AppLayer::Http,
     kBothSides, BufferShape::Whole},
    {InspectBuffer::HttpContentLength, "http.content_len", "http_content_len", 0, AppLayer::Http,
     kBothSides, BufferShape::Whole},
    {InspectBuffer::HttpServer, "http.server", "", 0, AppLayer::Http, kFromServer,
     BufferShape::Whole},
    {InspectBuffer::HttpLocation, "http.location", "", 0, AppLayer::Http, kFromServer,
     BufferShape::Whole},
    {InspectBuffer::HttpStatusCode, "http.stat_code", "http_stat_code", 'S', AppLayer::Http,
     kFromServer, BufferShape::Whole},
    {InspectBuffer::HttpStatusMessage, "http.stat_msg", "http_stat_msg", 'Y', AppLayer::Http,
     kFromServer, BufferShape::Whole},
    {InspectBuffer::HttpRequestBody, "http.request_body", "http_client_body", 'P', AppLayer::Http,
     kFromClient, BufferShape::Growing},
    {InspectBuffer::HttpResponseBody, "http.response_body", "http_server_body", 'Q', AppLayer::Http,
     kFromServer, BufferShape::Growing},
    {InspectBuffer::FileData, "file.data", "", 0, AppLayer::Http, kBothSides, BufferShape::Growing},
    {InspectBuffer::TlsSni, "tls.sni", "", 0, AppLayer::Tls, kFromClient, BufferShape::Whole},
    {InspectBuffer::TlsSubject, "tls.cert_subject", "", 0, AppLayer::Tls, kFromServer,
     BufferShape::Whole},
    {InspectBuffer::TlsIssuer, "tls.cert_issuer", "", 0, AppLayer::Tls, kFromServer,
     BufferShape::Whole},
    {InspectBuffer::TlsSerial, "tls.cert_serial", "", 0, AppLayer::Tls, kFromServer,
     BufferShape::Whole},
    {InspectBuffer::TlsFingerprint, "tls.cert_fingerprint", "", 0, AppLayer::Tls, kFromServer,
     BufferShape::Whole},
    {InspectBuffer::TlsSubjectAltName, "tls.subjectaltname", "", 0, AppLayer::Tls, kFromServer,
     BufferShape::Several},
    {InspectBuffer::TlsAlpn, "tls.alpn", "", 0, AppLayer::Tls, kBothSides, BufferShape::Several},
    {InspectBuffer::TlsRandom, "tls.random", "", 0, AppLayer::Tls, kBothSides, BufferShape::Whole},
    {InspectBuffer::Ja3Hash, "ja3.hash", "", 0, AppLayer::Tls, kFromClient, BufferShape::Whole},
    {InspectBuffer::Ja3String, "ja3.string", "", 0, AppLayer::Tls, kFromClient, BufferShape::Whole},
    {InspectBuffer::Ja3sHash, "ja3s.hash", "", 0, AppLayer::Tls, kFromServer, BufferShape::Whole},
    {InspectBuffer::Ja3sString, "ja3s.string", "", 0, AppLayer::Tls, kFromServer,
     BufferShape::Whole},
    {InspectBuffer::DnsQuery, "dns.query", "", 0, AppLayer::Dns, kBothSides, BufferShape::Several},
    {InspectBuffer::DnsQueryNames, "dns.queries.rrname", "", 0, AppLayer::Dns, kBothSides,
     BufferShape::Several},
    {InspectBuffer::DnsAnswerNames, "dns.answers.rrname", "", 0, AppLayer::Dns, kBothSides,
     BufferShape::Several},
    {InspectBuffer::SshProtocol, "ssh.proto", "", 0, AppLayer::Ssh, kBothSides, BufferShape::Whole},
    {InspectBuffer::SshSoftware, "ssh.software", "", 0, AppLayer::Ssh, kBothSides,
     BufferShape::Whole},
    {InspectBuffer::SshHassh, "ssh.hassh", "", 0, AppLayer::Ssh, kFromClient, BufferShape::Whole},
    {InspectBuffer::SshHasshString, "ssh.hassh.string", "", 0, AppLayer::Ssh, kFromClient,
     BufferShape::Whole},
    {InspectBuffer::SshHasshServer, "ssh.hassh.server", "", 0, AppLayer::Ssh, kFromServer,
     BufferShape::Whole},
    {InspectBuffer::SshHasshServerString, "ssh.hassh.server.string", "", 0, AppLayer::Ssh,
     kFromServer, BufferShape::Whole},
});
static_assert(rows_in_enum_order(kInspectBuffers) && log_names_unique(kInspectBuffers));
inline constexpr std::size_t kInspectBufferCount = kInspectBuffers.size();
static_assert(kInspectBufferCount <= 64, "sets of buffers are bits of a word");

constexpr const InspectBufferInfo& info(InspectBuffer buffer) {
  return kInspectBuffers[static_cast<std::size_t>(buffer)];
}
constexpr std::uint64_t buffer_bit(InspectBuffer buffer) {
  return std::uint64_t{1} << static_cast<unsigned>(buffer);
}

// Other spellings of sticky buffers, older ones mostly.
struct BufferAlias {
  std::string_view alias;
  InspectBuffer buffer;
};
inline constexpr auto kBufferAliases = std::to_array<BufferAlias>({
    {"file_data", InspectBuffer::FileData},
    {"http.raw_uri", InspectBuffer::HttpUriRaw},
    {"http.raw_header", InspectBuffer::HttpHeaderRaw},
    {"http.raw_host", InspectBuffer::HttpHostRaw},
    {"tls_sni", InspectBuffer::TlsSni},
    {"tls_cert_subject", InspectBuffer::TlsSubject},
    {"tls.subject_sticky", InspectBuffer::TlsSubject},
    {"tls_cert_issuer", InspectBuffer::TlsIssuer},
    {"tls_cert_serial", InspectBuffer::TlsSerial},
    {"tls_cert_fingerprint", InspectBuffer::TlsFingerprint},
    {"ja3_hash", InspectBuffer::Ja3Hash},
    {"ja3_string", InspectBuffer::Ja3String},
    {"ja3s_hash", InspectBuffer::Ja3sHash},
    {"ja3s_string", InspectBuffer::Ja3sString},
    {"dns_query", InspectBuffer::DnsQuery},
    {"ssh_proto", InspectBuffer::SshProtocol},
    {"ssh_software", InspectBuffer::SshSoftware},
});

}  // namespace endreason::inspect
