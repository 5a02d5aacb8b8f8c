// SPDX-License-Identifier: Apache-2.0
// The packets of a session between client and server, drawn like the command ladder draws them.
import { formatTime } from "../format";
import type { LadderPacket, LogRecord } from "../types";

const width = 560;
const left = 130;
const right = width - 130;
const step = 34;

function label(packet: LadderPacket): string {
  const parts = [packet.flags ?? ""];
  if (packet.length) parts.push(`${packet.length} bytes`);
  return parts.filter(Boolean).join(", ");
}

// Seconds since the first packet, to the millisecond.
function since(packet: LadderPacket, first: LadderPacket): string {
  const seconds = (Date.parse(packet.time) - Date.parse(first.time)) / 1000;
  return Number.isNaN(seconds) ? packet.time : `+${seconds.toFixed(3)} s`;
}

export function Ladder({ packets, record }: { packets: LadderPacket[]; record: LogRecord }) {
  const first = packets[0];
  if (!first) return null;
  const height = 46 + packets.length * step;
  return (
    <section class="panel">
      <h2>Handshake and packets</h2>
      <p class="hint">First packet {formatTime(first.time)} UTC.</p>
      <div class="ladder">
        <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={`${packets.length} packets between client and server`}>
          <text x={left} y="14" text-anchor="middle" class="ladder-host">{`client ${String(record.src ?? "")}`}</text>
          <text x={right} y="14" text-anchor="middle" class="ladder-host">{`server ${String(record.dst ?? "")}`}</text>
          <path d={`M${left} 24V${height - 6}M${right} 24V${height - 6}`} class="ladder-line" />
          {packets.map((packet, index) => {
            const y = 46 + index * step;
            const [from, to, head] = packet.direction === "c2s" ? [left, right, -8] : [right, left, 8];
            const reset = /R/.test(packet.flags ?? "");
            return (
              <g key={index} class={reset ? "ladder-reset" : ""}>
                <text x="4" y={y + 4} class="ladder-time">
                  {since(packet, first)}
                </text>
                <path d={`M${from} ${y}H${to}M${to + head} ${y - 4}L${to} ${y}L${to + head} ${y + 4}`} class="ladder-arrow" />
                <text x={(left + right) / 2} y={y - 5} text-anchor="middle" class="ladder-label">
                  {label(packet)}
                </text>
                {packet.note && (
                  <text x={(left + right) / 2} y={y + 13} text-anchor="middle" class="ladder-note">
                    {packet.note}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
      </div>
    </section>
  );
}
