// Which driver there is.
import { betterEngine } from './better-engine.js';
import type { Engine } from './engine.js';
import { nodeEngine } from './node-engine.js';

/** Thrown if no driver is there. */
export class NoEngine extends Error {}

const wanted = 'node:sqlite';
const other = 'better-sqlite3';

/**
 * The driver with this name, or by default `node:sqlite` if this Node has one that is new enough,
 * else better-sqlite3.
 * @throws NoEngine
 */
export async function findEngine(driver?: string): Promise<Engine> {
  if (driver === undefined || driver === wanted) {
    const engine = await nodeEngine(driver === wanted);
    if (engine !== undefined) return engine;
    if (driver === wanted) {
      throw new NoEngine(`Node ${process.version} has no ${wanted} that is new enough`);
    }
  }
  try {
    return await betterEngine(driver ?? other);
  } catch (cause) {
    const text =
      driver === undefined
        ? `no SQLite: use Node 24 or newer, or run 'npm install ${other}@12'`
        : `cannot load the driver ${driver}`;
    throw new NoEngine(text, { cause });
  }
}
