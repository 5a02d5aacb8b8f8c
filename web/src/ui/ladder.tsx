// SPDX-License-Identifier: Apache-2.0
// The packets of a session between client and server, drawn like the command ladder draws them.
import { Fragment } from "preact";
import { formatTime, formatValue, plural } from "../format";
import type { LadderPacket, LogRecord, PacketLadder } from "../types";

const label = (packet: LadderPacket): string => (packet.payload ? `${packet.label}, ${plural(packet.payload, "byte")}` : packet.label);

const laneWidth = 260;
const laneHeight = 30;

// One packet: an arrow from one host's line to the other's, with its flags on it.
function Lane({ packet }: { packet: LadderPacket }) {
  const [from, to, head] = packet.from === "client" ? [1, laneWidth - 1, -7] : [laneWidth - 1, 1, 7];
  const y = laneHeight - 9;
  return (
    <svg class={packet.label.includes("RST") ? "ladder-reset" : ""} width={laneWidth} height={laneHeight} viewBox={`0 0 ${laneWidth} ${laneHeight}`} role="img" aria-label={`${packet.from} sends ${label(packet)}`}>
      <path d={`M1 0V${laneHeight}M${laneWidth - 1} 0V${laneHeight}`} class="ladder-line" />
      <path d={`M${from} ${y}H${to}M${to + head} ${y - 4}L${to} ${y}L${to + head} ${y + 4}`} class="ladder-arrow" />
      <text x={laneWidth / 2} y={y - 5} text-anchor="middle">
        {label(packet)}
      </text>
    </svg>
  );
}

export function Ladder({ ladder, record }: { ladder: PacketLadder; record: LogRecord }) {
  const { packets, left_out: leftOut = 0, left_out_after: leftOutAfter = 0 } = ladder;
  const first = packets[0];
  if (!first)
    return ladder.problem ? (
      <section class="panel">
        <h2>Handshake and packets</h2>
        <p class="hint">{ladder.problem}</p>
      </section>
    ) : null;
  return (
    <section class="panel">
      <h2>Handshake and packets</h2>
      <p class="hint">First packet {formatTime(first.time)} UTC. A dashed arrow is a reset.</p>
      <div class="ladder">
        <div class="ladder-row mono ladder-hosts">
          <span />
          <span>
            <span>client {formatValue(record.src)}</span>
            <span>server {formatValue(record.dst)}</span>
          </span>
        </div>
        {packets.map((packet, index) => (
          <Fragment key={index}>
            {leftOut > 0 && index === leftOutAfter && <p class="hint ladder-gap">… {plural(leftOut, "packet")} left out …</p>}
            <div class="ladder-row">
              <span class="mono muted">+{packet.relative_s.toFixed(3)} s</span>
              <Lane packet={packet} />
              {packet.text && <span class="ladder-note">{packet.text}</span>}
            </div>
          </Fragment>
        ))}
      </div>
    </section>
  );
}
