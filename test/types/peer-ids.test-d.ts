// A number that identifies a peer is `peerId`, an object that describes one is `peer` or `from`.
// Never run: it passes by compiling.
import type {
  BusError,
  ControllerEvent,
  DeliveryFailure,
  Peer,
  PeerEvent,
  RejectedEvent,
  SlowReceiverEvent,
  UndeliveredEvent,
  UnknownEvent,
  ViolationEvent,
} from 'busbar';
import { same } from './same.js';

same<BusError['peerId'], number | undefined>();
same<BusError['endpointId'], number | undefined>();
same<DeliveryFailure['peerId'], number>();
same<UndeliveredEvent['peerId'], number | undefined>();
same<SlowReceiverEvent['peerId'], number>();

same<PeerEvent['peer'], Peer>();
same<ControllerEvent['peer'], Peer | undefined>();
same<ViolationEvent['peer'], { readonly id: number; readonly pid: number }>();
same<UnknownEvent['from'] | RejectedEvent['from'], Peer>();

declare const error: BusError;
// @ts-expect-error no number is called `peer`
error.peer;
// @ts-expect-error no number is called `endpoint`
error.endpoint;
declare const failure: DeliveryFailure;
// @ts-expect-error no number is called `peer`
failure.peer;
declare const undelivered: UndeliveredEvent;
// @ts-expect-error `to` is a selector in calls, and nothing else
undelivered.to;
