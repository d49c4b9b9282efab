// Kernel objects, for the other folders.
export {
  adoptHandle,
  type FromFdOptions,
  KernelObject,
  type KernelObjectKind,
  openHandle,
  type ToSocketOptions,
} from './kernel-object.js';
export type { ObjectSource } from './sources.js';
