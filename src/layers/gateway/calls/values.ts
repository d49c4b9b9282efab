// Values to JSON and back, by the shapes of an interface. Bytes are base64, integers of 64 bits and
// moments are text; a memory region becomes a ticket to fetch it with. Kernel objects stay here.
import type { AttachmentSink, Shape } from '../../interface/entry-values.js';
import { UnsupportedAttachmentError } from '../../rpc/entry-port.js';
import type { Exchange } from '../http/exchange.js';
import type { Regions } from '../regions/regions.js';

/** Converts values. */
export class Values {
  readonly #regions: Regions;

  constructor(regions: Regions) {
    this.#regions = regions;
  }

  /**
   * The value that JSON stands for.
   * @throws InvalidValueError if it does not fit.
   */
  decode(shape: Shape, json: unknown): unknown {
    return shape.decode(json, undefined, 'json');
  }

  /** The JSON of a value; `null` where there is no shape. Regions in it are the gateway's from here on. */
  json(shape: Shape | undefined, value: unknown, exchange: Exchange): unknown {
    if (shape === undefined) return null;
    return shape.encode(value, this.#sinkFor(exchange), 'json');
  }

  /** The same as text. */
  text(shape: Shape | undefined, value: unknown, exchange: Exchange): string {
    return shape === undefined ? 'null' : JSON.stringify(this.json(shape, value, exchange));
  }

  #sinkFor({ grant }: Exchange): AttachmentSink {
    const regions = this.#regions;
    return {
      addObject(object): never {
        object.close();
        throw new UnsupportedAttachmentError('a kernel object cannot be sent over HTTP', {
          executed: 'yes',
        });
      },
      addRegion: (region) => regions.keep(region, grant),
    };
  }
}
