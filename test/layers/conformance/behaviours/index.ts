// The conformance list.
import type { Behaviour } from '../place.js';
import { attachments } from './attachments.js';
import { calls } from './calls.js';
import { deaths } from './deaths.js';
import { state } from './state.js';
import { streams } from './streams.js';
import { whom } from './whom.js';

export const behaviours: readonly Behaviour[] = [
  ...calls,
  ...deaths,
  ...streams,
  ...state,
  ...whom,
  ...attachments,
];
