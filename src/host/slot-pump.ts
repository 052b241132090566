/** The pump of one stream of one slot: what its configuration asks for becomes events and lines of the main log. */
import type { StreamConfig } from '../config/model.ts';
import type { Channel, SupervisorEvent } from '../events/event.ts';
import { communicationNote, outputCopy, protocolCopy } from '../logs/main-log.ts';
import { Pump, type PumpOutputs } from '../logs/pump.ts';
import type { LogSink } from '../logs/sink.ts';
import type { MainLog, Slot } from '../supervisor/host.ts';
import { bytes, type Pid } from '../units.ts';

export interface PumpPorts {
  readonly log: MainLog;
  /** The programs' output is copied to the main log. */
  readonly isDebug: boolean;
  readonly stripAnsi: boolean;
  /** The process behind a slot, for events. */
  pidOf(slot: Slot): Pid | 0;
  publish(event: SupervisorEvent): void;
}

interface PumpedStream {
  readonly slot: Slot;
  readonly channel: Channel;
  readonly config: StreamConfig;
  readonly sinks: readonly LogSink[];
  /** It is an event listener's standard output. */
  readonly isDialogue: boolean;
}

const NO_CAPTURE = bytes(0);
const NO_CAPTURED = { onCommunication: undefined, onUnterminated: undefined };

/**
 * The protocol of a listener is logged as it is, and makes no events. What is not asked for is not even made: there may
 * be a thousand streams.
 * @source spec api 4.1
 */
export function newPump(ports: PumpPorts, stream: PumpedStream): Pump {
  const { config, sinks, isDialogue } = stream;
  const captureMaxbytes = isDialogue ? NO_CAPTURE : config.captureMaxbytes;
  const onDebug = ports.isDebug ? debugCopy(ports.log, stream) : undefined;
  const onLog = config.eventsEnabled && !isDialogue ? publisher('process-log', ports, stream) : undefined;
  const captured = captureMaxbytes > 0 ? capturing(ports, stream) : NO_CAPTURED;
  return new Pump({ stripAnsi: ports.stripAnsi, captureMaxbytes }, { sinks, onLog, onDebug, ...captured });
}

function publisher(
  kind: 'process-log' | 'process-communication',
  ports: PumpPorts,
  { slot, channel }: PumpedStream,
): (data: Uint8Array) => void {
  return (data) => ports.publish({ kind, ...slot, channel, pid: ports.pidOf(slot), data });
}

function debugCopy(log: MainLog, { slot, channel, isDialogue }: PumpedStream): (data: Uint8Array) => void {
  const { process } = slot;
  return (data) => log.log('debug', isDialogue ? protocolCopy(process, data) : outputCopy(process, channel, data));
}

function capturing(ports: PumpPorts, stream: PumpedStream): Pick<PumpOutputs, 'onCommunication' | 'onUnterminated'> {
  const { log } = ports;
  const { channel } = stream;
  const { process } = stream.slot;
  const publish = publisher('process-communication', ports, stream);
  return {
    onCommunication: (data) => {
      publish(data);
      log.log('debug', communicationNote(process, channel));
    },
    onUnterminated: (length) =>
      log.log('warn', `${process}: ${length} captured bytes of ${channel} dropped: it ended before the end tag`),
  };
}
