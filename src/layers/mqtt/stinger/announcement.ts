// What a server of Stinger says about itself. It has the time of day, since Stinger's programs want it.
import type { StingerWire } from '../../interface/index.js';

/** The announcement of an instance; `connection` is the topic of its client's presence. */
export function announcementOf(
  { name, title, version }: StingerWire,
  instance: string,
  connection: string,
): object {
  return {
    interface_name: name,
    title,
    version,
    instance,
    connection_topic: connection,
    timestamp: new Date().toISOString(),
  };
}
