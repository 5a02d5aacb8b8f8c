// SPDX-License-Identifier: Apache-2.0
// Devices: what each firewall sends, whether all of it arrived, and what was rejected and why.
import { getJson } from "../api";
import { formatAgo, formatBytes, formatCount, formatDuration, formatTime, plural } from "../format";
import { useAsked, useKeys, useRefresh, useTitle } from "../hooks";
import { linkTo } from "../router";
import type { Accounting, Alert, Device, Reject, Status } from "../types";
import { VerdictIcon } from "../ui/icons";
import { AlertsPanel } from "./alerts_panel";
import { Empty, ErrorNotice, Loading, NothingReceived } from "../ui/notice";

export function DevicesPage() {
  useTitle("Devices");
  const devices = useAsked("devices", (signal) => getJson<Device[]>("/devices", {}, signal));
  const accounting = useAsked("accounting", (signal) => getJson<Accounting>("/accounting", {}, signal));
  const alerts = useAsked("alerts", (signal) => getJson<Alert[]>("/alerts", {}, signal));
  const status = useAsked("devices-status", (signal) => getJson<Status>("/status", {}, signal));
  const askAgain = () => [devices, accounting, alerts, status].forEach((asked) => asked.reload());
  useKeys({ r: askAgain });
  useRefresh(askAgain, 10_000);
  return (
    <div class="devices-page">
      {accounting.error && <ErrorNotice error={accounting.error} onRetry={accounting.reload} />}
      {accounting.data && <Equation data={accounting.data} status={status.data} />}
      {alerts.data && <AlertsPanel alerts={alerts.data} />}
      {devices.error && <ErrorNotice error={devices.error} onRetry={devices.reload} />}
      {!devices.data && devices.loading && <Loading lines={8} />}
      {devices.data?.length === 0 && <NothingReceived />}
      {devices.data && devices.data.length > 0 && <DeviceTable devices={devices.data} />}
      {devices.data && <Gaps devices={devices.data} />}
      {accounting.data && <Sources data={accounting.data} />}
      {accounting.data && <Rejects rejects={accounting.data.rejects} total={accounting.data.rejected} />}
    </div>
  );
}

// received = stored + spooled + rejected + other types (+ copies + blank): nothing is lost in silence.
function Equation({ data, status }: { data: Accounting; status: Status | null }) {
  const always: [string, number, string][] = [
    ["stored", data.stored, "rows in the database"],
    ["spooled", data.spooled, "on disk, not yet in the database"],
    ["rejected", data.rejected, "could not be read; reasons below"],
    ["other types", data.other_types, "logs that are not of type TRAFFIC"],
  ];
  const seldom: [string, number, string][] = [
    [data.duplicates === 1 ? "copy" : "copies", data.duplicates, "rows that came a second time, by way of another collector"],
    ["blank", data.blank ?? 0, "lines with nothing in them"],
  ];
  const terms = [...always, ...seldom.filter(([, count]) => count > 0)];
  return (
    <section class="panel">
      <div class="panel-head">
        <h1>Devices and accounting</h1>
        <span class={`badge status-${data.balanced ? "allowed" : "failed"}`}>
          <VerdictIcon verdict={data.balanced ? "allowed" : "failed"} />
          {data.balanced ? "Everything is accounted for" : "The sums differ: please report this"}
        </span>
      </div>
      <div class="equation">
        <div class="equation-term">
          <span class="equation-number">{formatCount(data.received)}</span>
          <span>received</span>
        </div>
        {terms.map(([word, count, says], index) => (
          <div key={word} class="equation-term" title={says}>
            <span class="equation-sign" aria-hidden="true">
              {index === 0 ? "=" : "+"}
            </span>
            <span class="equation-number">{formatCount(count)}</span>
            <span>{word}</span>
          </div>
        ))}
      </div>
      {status && <ServerLine status={status} />}
      {data.duplicates > 0 && (
        <p class="hint">
          {plural(data.duplicates, "row")} came again, by way of a second collector or sent twice: each is kept once.
        </p>
      )}
    </section>
  );
}

// What keeps the rows, and whether it still takes them.
function ServerLine({ status }: { status: Status }) {
  const { store } = status;
  if (status.state !== "running")
    return (
      <p class="badge status-failed wrap" role="alert">
        <VerdictIcon verdict="failed" /> {status.problem || `The server takes no rows: ${status.state}.`}
      </p>
    );
  return (
    <p class="hint">
      endreason {status.version} has been running for {formatDuration(status.uptime_seconds)} and keeps {formatBytes(store.bytes)} in {store.folder}
      {store.oldest && `, from ${formatTime(store.oldest)} to ${formatTime(store.newest)} UTC`}.
    </p>
  );
}

function DeviceTable({ devices }: { devices: Device[] }) {
  const now = Date.now();
  return (
    <section class="panel">
      <h2>{plural(devices.length, "firewall")}</h2>
      <div class="table-scroll">
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Firewall</th>
              <th scope="col">State</th>
              <th scope="col" class="right">
                Rows
              </th>
              <th scope="col" class="right">
                Rate, last min
              </th>
              <th scope="col">Last row</th>
              <th scope="col" class="right">
                Lag
              </th>
              <th scope="col">Versions</th>
              <th scope="col">Formats</th>
            </tr>
          </thead>
          <tbody>
            {[...devices].sort((a, b) => b.rows - a.rows).map((device) => (
              <tr key={device.serial}>
                <th scope="row">
                  <a href={linkTo({ page: "log", filter: device.serial ? `( serial eq ${device.serial} )` : "( serial eq '' )", from: "", to: "" })}>
                    {device.device_name || device.serial || "no serial number"}
                  </a>
                  {device.device_name && <span class="muted mono"> {device.serial}</span>}
                </th>
                <td data-label="State">
                  <DeviceState device={device} />
                </td>
                <td class="right" data-label="Rows">
                  {formatCount(device.rows)}
                </td>
                <td class="right" data-label="Rate, last min">
                  {device.rate_per_second.toFixed(device.rate_per_second < 10 ? 1 : 0)} /s
                </td>
                <td data-label="Last row" title={`first ${formatTime(device.first)} UTC`}>
                  {formatTime(device.last)} <span class="muted">{formatAgo(device.last, now)}</span>
                </td>
                <td class="right" data-label="Lag">
                  {device.lag_seconds === null ? "–" : formatDuration(device.lag_seconds)}
                </td>
                <td data-label="Versions">{device.versions.map((one) => `${one.version} (${formatCount(one.rows)})`).join(", ")}</td>
                <td data-label="Formats">{device.formats.join(", ")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function DeviceState({ device }: { device: Device }) {
  const troubles = [];
  if (device.missing > 0) troubles.push(`${plural(device.missing, "row")} missing`);
  if (device.clock_off_seconds !== null && device.clock_off_seconds !== 0)
    // Received less logged: what comes before it was logged is of a clock that is ahead.
    troubles.push(`clock ${formatDuration(device.clock_off_seconds)} ${device.clock_off_seconds < 0 ? "ahead" : "behind"}`);
  if (troubles.length === 0)
    return (
      <span class="badge status-allowed">
        <VerdictIcon verdict="allowed" /> complete
      </span>
    );
  return (
    <span class="badge status-failed">
      <VerdictIcon verdict="failed" /> {troubles.join(", ")}
    </span>
  );
}

function Gaps({ devices }: { devices: Device[] }) {
  const gaps = devices.flatMap((device) => device.gaps.map((gap) => ({ ...gap, serial: device.device_name || device.serial })));
  if (gaps.length === 0) return null;
  // The largest first: one loss of thousands says more than many of one.
  gaps.sort((a, b) => b.missing - a.missing);
  const [first, more] = [gaps.slice(0, gapsShown), gaps.slice(gapsShown)];
  return (
    <section class="panel">
      <h2>Gaps in sequence numbers</h2>
      <p class="hint">
        A firewall numbers its logs. Numbers that never came were lost on the way, most often UDP at a peak, or were not forwarded: compare with what <code>debug log-receiver statistics</code>{" "}
        says on the firewall, and prefer TCP or TLS.
      </p>
      <GapTable gaps={first} />
      {more.length > 0 && (
        <details>
          <summary>{plural(more.length, "smaller gap")}</summary>
          <GapTable gaps={more} />
        </details>
      )}
    </section>
  );
}

const gapsShown = 10;

function GapTable({ gaps }: { gaps: (Device["gaps"][number] & { serial: string })[] }) {
  const timed = gaps.some((gap) => gap.time);
  return (
    <div class="table-scroll">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Firewall</th>
            <th scope="col" class="right">
              Missing
            </th>
            <th scope="col">After</th>
            <th scope="col">Before</th>
            {timed && <th scope="col">Time (UTC)</th>}
          </tr>
        </thead>
        <tbody>
          {gaps.map((gap) => (
            <tr key={`${gap.serial}-${gap.after_seqno}`}>
              <th scope="row">{gap.serial}</th>
              <td class="right" data-label="Missing">
                {formatCount(gap.missing)}
              </td>
              <td class="mono" data-label="After">
                {gap.after_seqno}
              </td>
              <td class="mono" data-label="Before">
                {gap.before_seqno}
              </td>
              {timed && <td data-label="Time (UTC)">{formatTime(gap.time)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Sources({ data }: { data: Accounting }) {
  if (data.by_source.length === 0) return null;
  return (
    <section class="panel">
      <h2>By sender</h2>
      <div class="table-scroll">
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Came from</th>
              <th scope="col" class="right">
                Received
              </th>
              <th scope="col" class="right">
                Stored
              </th>
              <th scope="col" class="right">
                Rejected
              </th>
              <th scope="col" class="right">
                Dropped (UDP)
              </th>
            </tr>
          </thead>
          <tbody>
            {data.by_source.map((source) => (
              <tr key={source.source}>
                <th scope="row">{source.source}</th>
                <td class="right" data-label="Received">
                  {formatCount(source.received)}
                </td>
                <td class="right" data-label="Stored">
                  {formatCount(source.stored)}
                </td>
                <td class="right" data-label="Rejected">
                  {formatCount(source.rejected)}
                </td>
                <td class="right" data-label="Dropped (UDP)">
                  {formatCount(source.dropped_udp)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

export function RejectTable({ rejects }: { rejects: Reject[] }) {
  const timed = rejects.some((reject) => reject.time);
  return (
    <div class="table-scroll">
      <table class="table">
        <thead>
          <tr>
            {timed && <th scope="col">Time (UTC)</th>}
            <th scope="col">Where</th>
            <th scope="col">Column</th>
            <th scope="col">Expected</th>
            <th scope="col">Found</th>
            <th scope="col">Line</th>
          </tr>
        </thead>
        <tbody>
          {rejects.map((reject, index) => (
            <tr key={index}>
              {timed && <td data-label="Time (UTC)">{formatTime(reject.time)}</td>}
              <td data-label="Where">{[reject.source, reject.line].filter(Boolean).join(reject.source === "line" ? " " : ":")}</td>
              <td class="mono" data-label="Column">
                {reject.column}
              </td>
              <td data-label="Expected">{reject.expected}</td>
              <td class="mono" data-label="Found">
                {reject.found}
              </td>
              <td class="mono cut" data-label="Line" title={reject.text}>
                {reject.text}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Rejects({ rejects, total }: { rejects: Reject[]; total: number }) {
  return (
    <section class="panel">
      <h2>Rejected lines</h2>
      {rejects.length === 0 ? (
        <Empty title="No line was rejected">Every line that was received could be read.</Empty>
      ) : (
        <>
          <p class="hint">
            {total > rejects.length ? `The last ${rejects.length} of ${formatCount(total)}. ` : ""}A line is rejected when no known layout fits it; the column is where the best one stopped.
          </p>
          <RejectTable rejects={rejects} />
        </>
      )}
    </section>
  );
}
