// The codes of the errors are literal types. Never run: it passes by compiling.
import { BusError, type BusErrorCode, NoRecipientError, type QueueFullError } from 'busbar';
import { same } from './same.js';

declare const error: BusError;
same<typeof error.code, BusErrorCode>();
same<InstanceType<typeof QueueFullError>['code'], 'ERR_BUSBAR_QUEUE_FULL'>();
same<typeof error.limit, number | undefined>();

if (error instanceof NoRecipientError) same<typeof error.code, 'ERR_BUSBAR_NO_RECIPIENT'>();
// @ts-expect-error No such code.
error.code === 'ERR_BUSBAR_NO_SUCH_CODE';
// @ts-expect-error Codes are read only.
error.code = 'ERR_BUSBAR_TIMEOUT';
// @ts-expect-error The base class is not thrown itself.
new BusError('text');
