// SPDX-License-Identifier: Apache-2.0
// Alerts: which saved filters are watched, which of them fires, and whether their webhooks were reached.
import { formatAgo, formatCount, formatDuration, formatTime, plural } from "../format";
import { linkTo } from "../router";
import type { Alert } from "../types";
import { VerdictIcon } from "../ui/icons";

export function AlertsPanel({ alerts }: { alerts: Alert[] }) {
  const firing = alerts.filter((alert) => alert.state === "firing").length;
  return (
    <section class="panel" aria-live="polite">
      <div class="panel-head">
        <h2>Alerts</h2>
        {alerts.length > 0 && (
          <span class={`badge status-${firing > 0 ? "blocked" : "allowed"}`}>
            <VerdictIcon verdict={firing > 0 ? "blocked" : "allowed"} />
            {firing > 0 ? `${plural(firing, "alert")} firing` : "None fires"}
          </span>
        )}
      </div>
      {alerts.length === 0 ? (
        <p class="hint">
          No filter is watched. Name one in the configuration, in the section <span class="mono">serve: alerts:</span>, with a threshold and a webhook; then reload the server.
        </p>
      ) : (
        <AlertTable alerts={alerts} />
      )}
    </section>
  );
}

function AlertTable({ alerts }: { alerts: Alert[] }) {
  const now = Date.now();
  return (
    <div class="table-scroll">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Alert</th>
            <th scope="col">State</th>
            <th scope="col" class="right">
              Sessions now
            </th>
            <th scope="col" class="right">
              Threshold
            </th>
            <th scope="col">Last episode</th>
            <th scope="col">Webhook</th>
          </tr>
        </thead>
        <tbody>
          {[...alerts].sort((a, b) => Number(b.state === "firing") - Number(a.state === "firing")).map((alert) => (
            <tr key={alert.name}>
              <th scope="row">
                <a href={linkTo({ page: "log", filter: alert.filter, from: "", to: "" })} title={alert.filter}>
                  {alert.name}
                </a>
              </th>
              <td data-label="State">
                <span class={`badge status-${alert.state === "firing" ? "blocked" : "allowed"}`}>
                  <VerdictIcon verdict={alert.state === "firing" ? "blocked" : "allowed"} /> {alert.state}
                </span>
              </td>
              <td class="right" data-label="Sessions now">
                {formatCount(alert.sessions)}
              </td>
              <td class="right" data-label="Threshold">
                {formatCount(alert.threshold)} <span class="muted">in {formatDuration(alert.window_seconds)}</span>
              </td>
              <td data-label="Last episode">
                {alert.since ? (
                  <>
                    {formatTime(alert.since)} <span class="muted">{formatAgo(alert.since, now)}, at most {formatCount(alert.peak)}</span>
                  </>
                ) : (
                  <span class="muted">none yet</span>
                )}
              </td>
              <td data-label="Webhook">
                <WebhookState alert={alert} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function WebhookState({ alert }: { alert: Alert }) {
  const { host, called, waiting, given_up, last_error } = alert.webhook;
  if (last_error)
    return (
      <span class="badge status-failed wrap" title={`${host}: ${last_error}`}>
        <VerdictIcon verdict="failed" /> {last_error}
        {waiting > 0 && `; ${plural(waiting, "call")} waiting`}
        {given_up > 0 && `; ${formatCount(given_up)} given up`}
      </span>
    );
  return (
    <span>
      {host} <span class="muted">{called > 0 ? `called ${plural(called, "time")}` : "not called yet"}</span>
    </span>
  );
}
