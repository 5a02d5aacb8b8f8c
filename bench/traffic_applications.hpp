// SPDX-License-Identifier: Apache-2.0
// Applications for made-up traffic logs: families of names, each with the columns that describe it.
// Common names and broad classes only, enough for logs of realistic shape; no application database.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace endreason::bench {

enum Trait : std::uint8_t {
  kMalware = 1,
  kTransfers = 2,
  kVulnerable = 4,
  kTunnels = 8,
  kPervasive = 16,
  kBandwidth = 32,
  kEvasive = 64,
};
struct TraitName {
  std::uint8_t bit;
  std::string_view name;
};
inline constexpr auto kTraitNames = std::to_array<TraitName>({
    {kMalware, "used-by-malware"},
    {kTransfers, "able-to-transfer-file"},
    {kVulnerable, "has-known-vulnerability"},
    {kTunnels, "tunnel-other-application"},
    {kPervasive, "pervasive-use"},
    {kBandwidth, "consume-big-bandwidth"},
    {kEvasive, "evasive-behavior"},
});

struct AppFamily {
  std::string_view name;
  std::string_view variants;  // space separated; each is name-variant. Empty: the bare name alone
  std::string_view subcategory, category, technology;
  char risk;
  std::uint8_t traits;
  bool saas;
  bool udp;
  std::uint16_t port;
};

inline constexpr std::string_view kBusiness = "business-systems", kCollaborate = "collaboration",
                                  kInternet = "general-internet", kMedia = "media",
                                  kNetwork = "networking", kBrowser = "browser-based",
                                  kClient = "client-server", kProtocol = "network-protocol",
                                  kPeers = "peer-to-peer";

// The most used first: records pick from the front more often.
inline constexpr auto kAppFamilies = std::to_array<AppFamily>({
    {"ssl", "", "encrypted-tunnel", kNetwork, kBrowser, '4', 95, false, false, 443},
    {"web-browsing", "", "internet-utility", kInternet, kBrowser, '4', 95, false, false, 80},
    {"ms-office365", "base", "office-programs", kBusiness, kBrowser, '3', 22, true, false, 443},
    {"ms-teams", "base video audio sharing", "internet-conferencing", kCollaborate, kClient, '3',
     22, true, false, 443},
    {"google", "base play analytics translate maps", "internet-utility", kInternet, kBrowser, '4',
     87, false, false, 443},
    {"ms-update", "", "software-update", kBusiness, kClient, '3', 54, false, false, 443},
    {"sharepoint-online", "base uploading downloading", "social-business", kCollaborate, kBrowser,
     '4', 22, true, false, 443},
    {"outlook-web", "online base", "email", kCollaborate, kBrowser, '3', 22, true, false, 443},
    {"active-directory", "base", "auth-service", kBusiness, kClient, '2', 20, false, false, 389},
    {"ldap", "", "database", kBusiness, kClient, '2', 20, false, false, 389},
    {"kerberos", "", "auth-service", kBusiness, kClient, '2', 20, false, false, 88},
    {"ms-ds-smb", "base", "storage-backup", kBusiness, kClient, '3', 54, false, false, 445},
    {"ms-ds-smb", "smbv2 smbv3", "storage-backup", kBusiness, kClient, '3', 54, false, false, 445},
    {"msrpc", "base", "infrastructure", kNetwork, kProtocol, '2', 28, false, false, 135},
    {"ssh", "", "encrypted-tunnel", kNetwork, kClient, '4', 94, false, false, 22},
    {"ms-rdp", "", "remote-access", kNetwork, kClient, '4', 22, false, false, 3389},
    {"facebook", "base chat posting video apps", "social-networking", kCollaborate, kBrowser, '4',
     87, true, false, 443},
    {"instagram", "base posting", "social-networking", kCollaborate, kBrowser, '2', 18, true, false,
     443},
    {"linkedin", "base posting mail editing", "social-networking", kCollaborate, kBrowser, '3', 22,
     true, false, 443},
    {"twitter", "base posting", "social-networking", kCollaborate, kBrowser, '2', 22, true, false,
     443},
    {"youtube", "base streaming uploading posting", "photo-video", kMedia, kBrowser, '4', 62, true,
     false, 443},
    {"netflix", "base streaming", "photo-video", kMedia, kBrowser, '1', 48, true, false, 443},
    {"spotify", "", "audio-streaming", kMedia, kClient, '3', 114, true, false, 443},
    {"gmail", "base uploading downloading chat", "email", kCollaborate, kBrowser, '4', 31, true,
     false, 443},
    {"google-drive-web", "base uploading downloading", "file-sharing", kInternet, kBrowser, '5', 31,
     true, false, 443},
    {"google-docs", "base editing uploading downloading", "office-programs", kBusiness, kBrowser,
     '3', 22, true, false, 443},
    {"dropbox", "base uploading downloading sharing", "file-sharing", kInternet, kClient, '4', 54,
     true, false, 443},
    {"boxnet", "base uploading downloading", "file-sharing", kInternet, kBrowser, '3', 22, true,
     false, 443},
    {"onedrive", "base uploading downloading", "file-sharing", kInternet, kBrowser, '3', 22, true,
     false, 443},
    {"github", "base uploading downloading posting", "software-development", kBusiness, kBrowser,
     '3', 6, true, false, 443},
    {"gitlab", "base uploading", "software-development", kBusiness, kBrowser, '3', 6, true, false,
     443},
    {"slack", "base uploading downloading", "instant-messaging", kCollaborate, kBrowser, '2', 18,
     true, false, 443},
    {"zoom", "base meeting sharing", "internet-conferencing", kCollaborate, kClient, '2', 50, true,
     false, 443},
    {"webex", "base meeting chat", "internet-conferencing", kCollaborate, kClient, '3', 54, true,
     false, 443},
    {"salesforce", "base chatter", "erp-crm", kBusiness, kBrowser, '2', 16, true, false, 443},
    {"servicenow", "base uploading", "management", kBusiness, kBrowser, '2', 2, true, false, 443},
    {"workday", "base uploading", "erp-crm", kBusiness, kBrowser, '2', 2, true, false, 443},
    {"jira", "base posting uploading", "management", kBusiness, kBrowser, '2', 6, true, false, 443},
    {"confluence", "base editing", "management", kBusiness, kBrowser, '2', 6, true, false, 443},
    {"amazon-aws", "base console", "ics-infrastructure", kBusiness, kBrowser, '2', 18, true, false,
     443},
    {"azure", "base portal", "management", kBusiness, kBrowser, '2', 18, true, false, 443},
    {"apple", "base appstore maps siri", "internet-utility", kInternet, kClient, '2', 48, false,
     false, 443},
    {"icloud", "base mail uploading", "storage-backup", kBusiness, kClient, '4', 54, true, false,
     443},
    {"whatsapp", "base", "instant-messaging", kCollaborate, kClient, '1', 18, true, false, 443},
    {"telegram", "base", "instant-messaging", kCollaborate, kClient, '3', 66, true, false, 443},
    {"ftp", "", "file-sharing", kInternet, kClient, '5', 31, false, false, 21},
    {"smtp", "base", "email", kCollaborate, kClient, '5', 31, false, false, 25},
    {"imap", "", "email", kCollaborate, kClient, '4', 30, false, false, 143},
    {"mssql-db", "encrypted unencrypted", "database", kBusiness, kClient, '2', 22, false, false,
     1433},
    {"mysql", "", "database", kBusiness, kClient, '2', 22, false, false, 3306},
    {"postgres", "", "database", kBusiness, kClient, '2', 22, false, false, 5432},
    {"oracle", "", "database", kBusiness, kClient, '2', 22, false, false, 1521},
    {"redis", "", "database", kBusiness, kClient, '2', 6, false, false, 6379},
    {"mongodb", "base", "database", kBusiness, kClient, '2', 6, false, false, 27017},
    {"elasticsearch", "base", "database", kBusiness, kClient, '2', 6, false, false, 9200},
    {"splunk", "", "general-business", kBusiness, kClient, '1', 0, false, false, 9997},
    {"paloalto", "updates shared-services logging-service wildfire-cloud", "general-business",
     kBusiness, kClient, '1', 0, false, false, 443},
    {"zabbix", "", "management", kBusiness, kClient, '1', 4, false, false, 10050},
    {"puppet", "", "management", kBusiness, kClient, '1', 4, false, false, 8140},
    {"sap", "base", "erp-crm", kBusiness, kClient, '1', 6, false, false, 3200},
    {"citrix", "base jedi", "remote-access", kNetwork, kClient, '3', 30, false, false, 1494},
    {"teamviewer", "base sharing remote", "remote-access", kNetwork, kClient, '4', 86, true, false,
     5938},
    {"vnc", "base encrypted", "remote-access", kNetwork, kClient, '5', 31, false, false, 5900},
    {"http-proxy", "", "proxy", kNetwork, kBrowser, '5', 111, false, false, 8080},
    {"bittorrent", "", "file-sharing", kInternet, kPeers, '5', 127, false, false, 6881},
    {"dns", "base", "infrastructure", kNetwork, kProtocol, '3', 29, false, true, 53},
    {"quic", "base", "infrastructure", kNetwork, kProtocol, '1', 8, false, true, 443},
    {"ntp", "base", "infrastructure", kNetwork, kProtocol, '2', 20, false, true, 123},
    {"snmp", "base trap", "management", kBusiness, kClient, '4', 20, false, true, 161},
    {"syslog", "", "management", kBusiness, kClient, '1', 4, false, true, 514},
    {"netbios-dg", "", "storage-backup", kBusiness, kProtocol, '2', 20, false, true, 138},
    {"sip", "base", "voip-video", kCollaborate, kPeers, '4', 28, false, true, 5060},
    {"rtp", "base", "voip-video", kCollaborate, kPeers, '4', 48, false, true, 16400},
    {"ike", "", "encrypted-tunnel", kNetwork, kClient, '2', 12, false, true, 500},
    {"ipsec-esp", "udp", "encrypted-tunnel", kNetwork, kProtocol, '2', 8, false, true, 4500},
    {"radius", "base", "auth-service", kBusiness, kClient, '1', 4, false, true, 1812},
    {"stun", "", "infrastructure", kNetwork, kProtocol, '2', 8, false, true, 3478},
    {"ms-teams", "media", "internet-conferencing", kCollaborate, kClient, '3', 50, true, true,
     3480},
    {"zoom", "media", "internet-conferencing", kCollaborate, kClient, '2', 50, true, true, 8801},
    {"dhcp", "", "infrastructure", kNetwork, kProtocol, '2', 20, false, true, 67},
});

}  // namespace endreason::bench
