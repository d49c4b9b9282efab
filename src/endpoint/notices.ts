// Acts on the notices of the native side while an endpoint is open: emits their events, and settles
// the calls that wait for them.
import { setImmediate } from 'node:timers'; // Jest's jsdom has no global one
import type { BusErrorFacts } from '../errors/index.js';
import type { BoxTable, MessageBox } from '../messages/index.js';
import type { Notice } from '../native/addon.js';
import { publishUndelivered } from './diagnostics.js';
import type { EndpointEvents, UndeliveredEvent } from './events.js';
import type { Inbox } from './inbox.js';
import type { Labels } from './labels.js';
import type { Members } from './members.js';
import type { MessageReader } from './message-reader.js';
import { controllerEvent, undeliveredEvent, violationEvent } from './notice-events.js';
import type { Sending } from './sending.js';
import type { Watchers } from './watchers.js';

type Events = EndpointEvents<MessageBox>;

/** The parts of an endpoint that its notices are about. */
export interface NoticeTargets {
  readonly members: Members;
  readonly box: BoxTable;
  readonly inbox: Inbox;
  readonly sending: Sending;
  readonly watchers: Watchers;
  readonly labels: Labels;
  readonly reader: MessageReader;
  readonly facts: () => BusErrorFacts;
  /** Emits an event. */
  readonly tell: <E extends keyof Events & string>(event: E, ...values: Events[E]) => void;
  /** The endpoint has joined again with another id: its former one was given to another endpoint. */
  readonly rejoined: (id: number) => void;
  /** The endpoint cannot go on. */
  readonly shutOut: (notice: Extract<Notice, { kind: 'refused' | 'outOfMemory' }>) => void;
}

/** Acts on one notice. */
export function act(notice: Notice, targets: NoticeTargets): void {
  const { members, box, sending, watchers, labels, reader, facts, tell } = targets;
  switch (notice.kind) {
    case 'joined':
      targets.rejoined(notice.id);
      break;
    case 'controller':
      tell('controller', controllerEvent(notice, members));
      break;
    case 'peers':
      for (const peer of notice.joined) tell('peer', { change: 'joined', peer });
      for (const each of notice.relabelled) tell('peer', { change: 'relabelled', ...each });
      for (const peer of notice.left) tell('peer', { change: 'left', peer });
      watchers.look();
      break;
    case 'ended':
      targets.inbox.afterQueued(() => tell('ended', { peerId: notice.peerId }));
      break;
    case 'relabelled':
      labels.shown(notice.revision);
      watchers.look();
      break;
    case 'senders':
      reader.relabelled(notice.slots);
      break;
    case 'delivered':
      sending.delivered(notice);
      break;
    case 'drained':
      sending.allDrained();
      tell('drain');
      break;
    case 'room':
      sending.hasRoom(notice.peerId);
      break;
    case 'dropped':
    case 'disconnected':
      tell(notice.kind, { peerId: notice.peerId, messages: notice.messages });
      break;
    case 'undelivered':
      tellUndelivered(undeliveredEvent(notice, box), targets);
      break;
    case 'violation':
      tell('violation', violationEvent(notice, facts()));
      break;
    case 'linkClosed':
      // Its last messages may be in the batch after these notices.
      setImmediate(() => reader.forget(notice.slot)).unref();
      break;
    case 'outOfMemory':
    case 'refused':
      targets.shutOut(notice);
      break;
  }
}

function tellUndelivered(event: UndeliveredEvent, { tell, facts }: NoticeTargets): void {
  tell('undelivered', event);
  publishUndelivered(facts(), event);
}
