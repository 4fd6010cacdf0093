// The one table of limits: checked when an update is decoded, on every driver, so that what is stored can be
// published and projected.

/**
 * Every limit of an update; the strictest of Datastore, Pub/Sub and BigQuery decides, so that a pipeline can
 * move between drivers.
 */
export const limits = {
  /** Levels of List and EmbeddedObject nesting, and of brackets in one Json value. */
  depth: 64,
  /** UTF-8 bytes of one canonical event; a Datastore entity holds 1,048,572 with its overhead. */
  eventBytes: 1_000_000,
  /** UTF-8 bytes of one value in an index; Datastore's limit for indexed strings. */
  indexedBytes: 1_500,
  /** UTF-8 bytes of one message attribute, and of each metadata property; Pub/Sub's limit. */
  attributeBytes: 1_024,
  /** Attributes of an entity; Pub/Sub takes 100 a message, with the event's own. */
  attributes: 90,
  /** UTF-8 bytes of an attribute's name; Pub/Sub's limit. */
  attributeNameBytes: 256,
  /** Characters of a property name; BigQuery's limit for column names. */
  nameLength: 300,
  /** Digits before the point of a Decimal; BigQuery NUMERIC. */
  decimalIntegerDigits: 29,
  /** Digits after the point of a Decimal; BigQuery NUMERIC. */
  decimalFractionDigits: 9,
  /** RECORD levels of the query engine; what lies below is one JSON column. BigQuery's limit. */
  recordLevels: 15,
  /** Leaf columns of one entity in the query engine; a property beyond them stays in `_extra`. */
  leafColumns: 2_000,
  /** Milliseconds that an update's timestamp may lie ahead of this machine's clock, unless told otherwise. */
  maxAhead: 86_400_000,
  /** Fingerprints remembered at the newest instant in `latest` mode. */
  seen: 32,
} as const

/** UTF-8 bytes of a text. */
const utf8Bytes = (text: string): number => Buffer.byteLength(text, 'utf8')

/** Whether a text has more than `limit` UTF-8 bytes; counts only where the length leaves it open. */
export const exceeds = (text: string, limit: number): boolean =>
  text.length > limit || (text.length * 3 > limit && utf8Bytes(text) > limit)
