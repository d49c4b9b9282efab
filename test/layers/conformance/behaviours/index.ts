// The conformance list.
import type { Behaviour } from '../place.js';
import { calls } from './calls.js';
import { deaths } from './deaths.js';

export const behaviours: readonly Behaviour[] = [...calls, ...deaths];
