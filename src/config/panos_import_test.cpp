// SPDX-License-Identifier: Apache-2.0
#include "config/panos_import.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "config/policy_yaml.hpp"
#include "config/settings.hpp"
#include "policy/compiled_policy.hpp"

namespace endreason {
namespace {

constexpr std::string_view kFirewall = R"(<?xml version="1.0"?>
<config version="10.2.0">
  <mgt-config><users><entry name="admin"/></users></mgt-config>
  <shared>
    <address>
      <entry name="dns"><ip-netmask>192.0.2.1</ip-netmask></entry>
      <entry name="site"><fqdn>www.example.com</fqdn></entry>
    </address>
    <service-group><entry name="web"><members><member>service-http</member><member>tcp-8443</member>
      </members></entry></service-group>
  </shared>
  <devices><entry name="localhost.localdomain">
    <network>
      <interface>
        <ethernet>
          <entry name="ethernet1/1"><layer3>
            <ip><entry name="198.51.100.2/24"/></ip>
          </layer3></entry>
          <entry name="ethernet1/2"><layer3>
            <units><entry name="ethernet1/2.10"><tag>10</tag>
              <ip><entry name="inside-ip"/></ip>
              <interface-management-profile>ping-only</interface-management-profile>
            </entry></units>
          </layer3></entry>
        </ethernet>
      </interface>
      <profiles><interface-management-profile>
        <entry name="ping-only"><ping>yes</ping><ssh>no</ssh>
          <permitted-ip><entry name="10.0.0.0/8"/></permitted-ip></entry>
      </interface-management-profile></profiles>
      <virtual-router><entry name="default"><routing-table><ip><static-route>
        <entry name="out"><destination>0.0.0.0/0</destination>
          <nexthop><ip-address>198.51.100.1</ip-address></nexthop></entry>
        <entry name="in"><destination>10.0.0.0/8</destination>
          <interface>ethernet1/2.10</interface></entry>
      </static-route></ip></routing-table></entry></virtual-router>
    </network>
    <deviceconfig>
      <system><ip-address>192.168.0.9</ip-address><netmask>255.255.255.0</netmask>
        <service><disable-http>yes</disable-http><disable-ssh>yes</disable-ssh></service></system>
      <setting>
        <session><timeout-tcp>1800</timeout-tcp><tcp-reject-non-syn>no</tcp-reject-non-syn>
          <icmp-unreachable-rate>100</icmp-unreachable-rate></session>
        <tcp><allow-challenge-ack>yes</allow-challenge-ack></tcp>
        <jumbo-frame><mtu>9000</mtu></jumbo-frame>
      </setting>
    </deviceconfig>
    <vsys><entry name="vsys1">
      <address>
        <entry name="dns"><ip-netmask>10.1.1.53</ip-netmask><tag><member>core</member></tag></entry>
        <entry name="inside-ip"><ip-netmask>10.0.0.1/24</ip-netmask></entry>
        <entry name="pool"><ip-range>10.2.0.1-10.2.0.9</ip-range></entry>
      </address>
      <address-group>
        <entry name="servers"><static><member>dns</member><member>pool</member></static></entry>
        <entry name="cores"><dynamic><filter>'core' or 'edge'</filter></dynamic></entry>
      </address-group>
      <service><entry name="tcp-8443"><protocol><tcp><port>8443,9443</port>
        <source-port>1024-65535</source-port></tcp></protocol></entry></service>
      <application><entry name="erp"><default><port><member>tcp/3200-3299</member></port></default>
        <tcp-timeout>600</tcp-timeout></entry></application>
      <application-group><entry name="basics"><members><member>dns</member><member>ntp</member>
        </members></entry></application-group>
      <zone>
        <entry name="trust"><network><layer3><member>ethernet1/2.10</member></layer3></network></entry>
        <entry name="untrust"><network><layer3><member>ethernet1/1</member></layer3></network></entry>
      </zone>
      <profiles><decryption><entry name="strict">
        <ssl-forward-proxy><block-expired-certificate>yes</block-expired-certificate>
          <block-untrusted-issuer>yes</block-untrusted-issuer></ssl-forward-proxy>
        <ssl-no-proxy><block-expired-certificate>yes</block-expired-certificate></ssl-no-proxy>
        <ssl-protocol-settings><min-version>tls1-2</min-version><enc-algo-3des>no</enc-algo-3des>
        </ssl-protocol-settings>
      </entry></decryption></profiles>
      <rulebase>
        <security><rules>
          <entry name="basics out" uuid="1"><from><member>trust</member></from>
            <to><member>untrust</member></to><source><member>any</member></source>
            <destination><member>any</member></destination>
            <source-user><member>any</member></source-user>
            <category><member>any</member></category>
            <application><member>basics</member></application>
            <service><member>application-default</member></service>
            <hip-profiles><member>any</member></hip-profiles>
            <action>allow</action><log-start>yes</log-start>
            <profile-setting><group><member>default</member></group></profile-setting>
            <description>names and time</description></entry>
          <entry name="to-servers"><from><member>untrust</member></from>
            <to><member>trust</member></to><source><member>servers</member></source>
            <negate-source>yes</negate-source><destination><member>cores</member></destination>
            <application><member>any</member></application>
            <service><member>web</member></service><action>drop</action>
            <icmp-unreachable>yes</icmp-unreachable><rule-type>interzone</rule-type>
            <schedule>nights</schedule><log-end>no</log-end><disabled>no</disabled></entry>
        </rules></security>
        <default-security-rules><rules><entry name="interzone-default"><action>reset-both</action>
          <log-end>yes</log-end></entry></rules></default-security-rules>
        <nat><rules><entry name="n1"/><entry name="n2"/></rules></nat>
        <decryption><rules><entry name="look"><from><member>trust</member></from>
          <to><member>untrust</member></to><source><member>any</member></source>
          <destination><member>any</member></destination><service><member>service-https</member>
          </service><action>decrypt</action><type><ssl-forward-proxy/></type>
          <profile>strict</profile></entry></rules></decryption>
      </rulebase>
      <import><network><interface><member>ethernet1/1</member></interface></network></import>
    </entry></vsys>
  </entry></devices>
</config>
)";

ImportedConfig imported(std::string_view text, const ImportOptions& options = {}) {
  auto config = import_panos_config(std::string(text), "fw.xml", options);
  EXPECT_TRUE(config) << config.error().message;
  return config ? std::move(*config) : ImportedConfig{};
}

TEST(PanosImport, AFirewallBecomesAPolicy) {
  const ImportedConfig config = imported(kFirewall);
  const Policy& policy = config.policy;
  EXPECT_EQ(policy.vsys, "vsys1");
  ASSERT_EQ(policy.zones.size(), 2u);
  EXPECT_EQ(policy.zones[0].interfaces, Names{"ethernet1/2.10"});
  EXPECT_EQ(policy.zones[0].subnets, (Names{"10.0.0.1/24", "10.0.0.0/8"}));
  EXPECT_EQ(policy.zones[1].subnets, (Names{"198.51.100.2/24", "0.0.0.0/0"}));
  ASSERT_EQ(policy.addresses.size(), 4u);
  EXPECT_EQ(policy.addresses[0].value, "10.1.1.53") << "the nearest place has the name";
  ASSERT_EQ(policy.rules.size(), 2u);
  EXPECT_EQ(policy.rules[0].name, "basics out");
  EXPECT_TRUE(policy.rules[0].log_start);
  EXPECT_EQ(policy.rules[0].place, "vsys1");
  EXPECT_EQ(policy.rules[1].action, Action::Drop);
  EXPECT_TRUE(policy.rules[1].icmp_unreachable);
  EXPECT_EQ(policy.rules[1].type, RuleType::Interzone);
  EXPECT_TRUE(policy.rules[1].match.negate_source);
  EXPECT_FALSE(policy.rules[1].log_end);
  EXPECT_EQ(policy.interzone_default.action, Action::ResetBoth);
  EXPECT_EQ(policy.intrazone_default.action, Action::Allow);
  ASSERT_EQ(policy.decryption_rules.size(), 1u);
  ASSERT_EQ(policy.decryption_profiles.size(), 1u);
  EXPECT_EQ(policy.decryption_profiles[0].min_version, TlsVersion::Tls12);
  EXPECT_EQ(policy.decryption_profiles[0].disabled_algorithms, Names{"enc-algo-3des"});
  ASSERT_EQ(policy.timers.size(), 1u);
  EXPECT_EQ(policy.timers[0].seconds, 1800u);
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(config.session_settings,
            (Pairs{{"tcp-reject-non-syn", "no"}, {"allow-challenge-ack", "yes"}}));
  ASSERT_EQ(policy.management_profiles.size(), 2u);
  EXPECT_EQ(policy.management_profiles[0].services, Names{"ping"});
  EXPECT_EQ(policy.management_profiles[1].services, (Names{"ping", "https"}));
}

TEST(PanosImport, WhatIsNotUnderstoodIsListed) {
  const ImportedConfig config = imported(kFirewall);
  std::vector<std::string> list;
  for (const NotUnderstood& item : config.not_understood)
    list.push_back(fmt::format("{} {} {}", item.path, item.count, item.entries));
  EXPECT_EQ(list,
            (std::vector<std::string>{
                "/config/devices/entry/deviceconfig/setting/jumbo-frame 1 0",
                "/config/devices/entry/network/interface/ethernet/entry/layer3/units/entry/tag 1 0",
                "/config/devices/entry/vsys/entry/rulebase/nat 1 2", "/config/mgt-config 1 1"}));
  ASSERT_EQ(config.problems.list().size(), 1u);
  EXPECT_EQ(config.problems.list()[0].message,
            "rule 'to-servers': schedule: 'nights' is not followed, the rule is read as one that "
            "is always on");
}

TEST(PanosImport, AnExternalListKeepsWhereItIsFetchedFromWithoutItsLogin) {
  const auto list = [](std::string_view type) {
    const ImportedConfig config = imported(fmt::format(
        R"(<config><devices><entry name="d"><vsys><entry name="vsys1"><external-list>
             <entry name="bad"><type>{}</type></entry>
           </external-list></entry></vsys></entry></devices></config>)",
        type));
    const auto settings = parse_settings(policy_yaml(config.policy), "written.yaml");
    EXPECT_TRUE(settings) << settings.error().message;
    const ExternalList& read = settings->policy.external_lists.at(0);
    std::string text = read.type + " " + read.url;
    for (const NotUnderstood& item : config.not_understood) text += " " + item.path;
    return text;
  };
  EXPECT_EQ(list("<ip><recurring><daily><at>02</at></daily></recurring><description>d</description>"
                 "<url>https://lists.example/bad.txt?key=a@b</url>"
                 "<auth><username>u</username><password>p</password></auth></ip>"),
            "ip https://lists.example/bad.txt?key=a@b");
  EXPECT_EQ(list("<domain><url>http://me:p@ss@lists.example:8080/domains</url></domain>"),
            "domain http://lists.example:8080/domains");
  EXPECT_EQ(list("<ip><url>lists.example</url><exception-list><member>192.0.2.1</member>"
                 "</exception-list></ip>"),
            "ip lists.example /config/devices/entry/vsys/entry/external-list/entry/type/ip/"
            "exception-list");
}

TEST(PanosImport, WhatIsWrittenReadsAsTheSame) {
  const ImportedConfig config = imported(kFirewall);
  const std::string yaml =
      policy_yaml(config.policy) + section_yaml("sessions", config.session_settings);
  const auto settings = parse_settings(yaml, "written.yaml");
  ASSERT_TRUE(settings) << settings.error().message << "\n" << yaml;
  EXPECT_EQ(policy_yaml(settings->policy), policy_yaml(config.policy));
  EXPECT_FALSE(settings->session.tcp.reject_non_syn);
  EXPECT_TRUE(CompiledPolicy::create(settings->policy));
}

std::string rule(std::string_view name, std::string_view source) {
  return fmt::format(
      "<entry name=\"{}\"><from><member>a</member></from><to><member>b</member></to>"
      "<source><member>{}</member></source><action>deny</action></entry>",
      name, source);
}
std::string rulebase(std::string_view which, std::string_view rules) {
  return fmt::format("<{0}><security><rules>{1}</rules></security></{0}>", which, rules);
}

// Shared, the group Europe, and Berlin within it; two templates.
std::string panorama() {
  const std::string berlin =
      "<entry name=\"Berlin\"><address><entry name=\"host\"><ip-netmask>10.0.0.3</ip-netmask>"
      "</entry></address>" +
      rulebase("pre-rulebase", rule("berlin-pre", "host")) +
      rulebase("post-rulebase", rule("berlin-post", "any")) + "</entry>";
  const std::string europe =
      "<entry name=\"Europe\"><address><entry name=\"host\"><ip-netmask>10.0.0.2</ip-netmask>"
      "</entry><entry name=\"wide\"><ip-netmask>10.0.0.0/8</ip-netmask></entry></address>" +
      rulebase("pre-rulebase", rule("europe-pre", "wide")) +
      rulebase("post-rulebase", rule("europe-post", "any")) + "</entry>";
  const auto templ = [](std::string_view name, std::string_view zone) {
    return fmt::format(
        "<entry name=\"{}\"><config><devices><entry name=\"l\"><vsys>"
        "<entry name=\"vsys1\"><zone><entry name=\"{}\"><network><layer3/></network>"
        "</entry></zone></entry></vsys></entry></devices></config></entry>",
        name, zone);
  };
  return "<config><shared>" + rulebase("pre-rulebase", rule("shared-pre", "any")) +
         rulebase("post-rulebase", rule("shared-post", "any")) +
         "</shared><readonly><devices><entry name=\"l\"><device-group><entry name=\"Berlin\">"
         "<parent-dg>Europe</parent-dg></entry></device-group></entry></devices></readonly>"
         "<devices><entry name=\"l\"><device-group>" +
         europe + berlin + "</device-group><template>" + templ("one", "a") + templ("two", "c") +
         "</template><template-stack><entry name=\"both\"><templates><member>two</member>"
         "<member>one</member></templates></entry></template-stack></entry></devices></config>";
}

TEST(PanosImport, PanoramaOrdersRulesFromTheWidestToTheNearestAndBack) {
  const ImportedConfig config = imported(panorama(), {"", "Berlin", "both"});
  Names names;
  for (const SecurityRule& r : config.policy.rules) names.push_back(r.name);
  EXPECT_EQ(names, (Names{"shared-pre", "europe-pre", "berlin-pre", "berlin-post", "europe-post",
                          "shared-post"}));
  EXPECT_EQ(config.policy.rules[2].place, "Berlin pre");
  ASSERT_EQ(config.policy.addresses.size(), 2u);
  EXPECT_EQ(config.policy.addresses[0].value, "10.0.0.3");
  Names zones;
  for (const Zone& zone : config.policy.zones) zones.push_back(zone.name);
  EXPECT_EQ(zones, (Names{"c", "a", "b"})) << "the stack's, then those that rules name";
}

TEST(PanosImport, AChoiceThatIsOpenNamesWhatThereIs) {
  EXPECT_EQ(import_panos_config(panorama(), "p.xml", {}).error().message,
            "p.xml: choose a device group with --device-group: Europe, Berlin");
  EXPECT_EQ(import_panos_config(panorama(), "p.xml", {"", "Paris", ""}).error().message,
            "p.xml: --device-group: there is no device group 'Paris'; there are Europe, Berlin");
  EXPECT_EQ(import_panos_config("<config/>", "p.xml", {}).error().message,
            "p.xml: the configuration has no devices/entry; export all of it");
  EXPECT_EQ(import_panos_config("<html/>", "p.xml", {}).error().message,
            "p.xml:1: expected a <config> as a firewall or Panorama exports it, found <html>");
  EXPECT_EQ(import_panos_config("<config>\n<a></b></config>", "p.xml", {}).error().message,
            "p.xml:2: not XML: Start-end tags mismatch");
}

TEST(PanosImport, ANetworkBehindTwoZonesIsTheFirstOnes) {
  const ImportedConfig config = imported(
      "<config><devices><entry name=\"l\"><network><interface><ethernet>"
      "<entry name=\"e1\"><layer3><ip><entry name=\"10.0.0.1/24\"/></ip></layer3></entry>"
      "<entry name=\"e2\"><layer3><ip><entry name=\"10.0.0.2/24\"/></ip></layer3></entry>"
      "</ethernet></interface></network><vsys><entry name=\"vsys1\"><zone>"
      "<entry name=\"a\"><network><layer3><member>e1</member></layer3></network></entry>"
      "<entry name=\"b\"><network><layer3><member>e2</member><member>e1</member></layer3></network>"
      "</entry></zone></entry></vsys></entry></devices></config>");
  ASSERT_EQ(config.problems.list().size(), 2u);
  EXPECT_EQ(config.problems.list()[0].message,
            "zone 'b': e1 is in zone 'a' already, and left out here");
  EXPECT_EQ(config.problems.list()[1].message,
            "zone 'b': 10.0.0.2/24 lies behind zone 'a' too, which has it here; captures without "
            "interfaces are read by it");
  EXPECT_TRUE(parse_settings(policy_yaml(config.policy), "written.yaml"));
}

TEST(PanosImport, TheEnvelopeOfAnApiAnswerIsNoObstacle) {
  const std::string inner(kFirewall.substr(kFirewall.find("<config")));
  const ImportedConfig config =
      imported("<response status=\"success\"><result>" + inner + "</result></response>");
  EXPECT_EQ(config.policy.rules.size(), 2u);
}

}  // namespace
}  // namespace endreason
