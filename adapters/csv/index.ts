// The csv adapter: comma-separated values, plain or gzip, from a file or a stream, typed by the entity that
// they are of.
import { parse } from 'csv-parse'
import { pipeline, Readable } from 'node:stream'
import type { AnyEntity, Change, EntityPropertyValue, PropertyType, Update, Yadto } from 'dreampipe'
import { sourceOf, unpackedBytes, type Bytes } from '../reading.ts'

/** A row as it stands in the file: header to text. */
export type CsvRow = { readonly [header: string]: string }

/** A row that could not be turned into updates; the rows behind it go on. */
export interface BadRow {
  /** The line that it ends on; 1 is the header's. */
  readonly line: number
  readonly reason: string
}

/** How rows become updates of an entity. */
export interface CsvOptions<L extends AnyEntity> {
  readonly entity: L
  /** The updates' source. */
  readonly source: string
  /**
   * What becomes of a row; by default each column is the property of its name, its text read as that
   * property's type.
   */
  readonly normalise?: (row: CsvRow, to: Change<L>) => Update<L['name']> | readonly Update<L['name']>[]
  /** Told of every bad row; by default they are passed over. */
  readonly onBadRow?: (bad: BadRow) => void
  /** One character, or several; `,` unless said. */
  readonly delimiter?: string
  /** The headers, where the file has none. */
  readonly headers?: readonly string[]
}

/**
 * Bytes of one row: far more than an event holds. A quote that is never closed would take the whole rest of a
 * file for one row.
 */
const mostRecord = 8_000_000

// Text as the wire form of a type: what does not fit is found when the update is submitted, with its path.
const wireOf = (type: PropertyType, isOptional: boolean, text: string): EntityPropertyValue => {
  if (text === '' && (isOptional || type !== 'String')) return { propertyType: type, value: null }
  return {
    propertyType: type,
    value:
      type === 'Boolean'
        ? text.toLowerCase()
        : type === 'DateTime' && /^\d{4}-\d{2}-\d{2}$/.test(text)
          ? `${text}T00:00:00Z`
          : text,
  }
}

const typed =
  (entity: AnyEntity, source: string) =>
  (row: CsvRow): Update => {
    const { properties } = entity.definition
    const yadto: { [name: string]: EntityPropertyValue } = {
      eventSource: { propertyType: 'String', value: source },
    }
    for (const [name, text] of Object.entries(row)) {
      const spec = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined
      if (spec?.type === 'List' || spec?.type === 'EmbeddedObject')
        throw new TypeError(`column ${name} is a ${spec.type}, which text does not say: give a normalise`)
      yadto[name] = wireOf(spec?.type ?? 'String', spec?.mode === 'optional', text)
    }
    return { entity: entity.name, operation: 'upsert', yadto: yadto as Yadto }
  }

/**
 * Updates from CSV (RFC 4180): a path, a file URL, or a stream of bytes or text. The first line names the
 * columns. A row that has
 * another number of columns, or that `normalise` refuses, is told and the rest goes on; one that does not end
 * (a quote left open) ends
 * the reading with an error. Flat memory.
 */
export const csv = async function* <L extends AnyEntity>(
  from: string | URL | Bytes,
  { entity, source, normalise, onBadRow, delimiter = ',', headers }: CsvOptions<L>,
): AsyncGenerator<Update<L['name']>> {
  const meta = { source }
  const change: Change<L> = {
    update: (values) => entity.toUpdate(values as never, meta) as Update<L['name']>,
    delete: (keys) => entity.toDelete(keys as never, meta) as Update<L['name']>,
  }
  const make = normalise === undefined ? typed(entity, source) : (row: CsvRow) => normalise(row, change)
  const parser = parse({
    columns: headers === undefined ? true : [...headers],
    delimiter,
    bom: true,
    info: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: mostRecord,
    on_skip: (error) => {
      // The rows behind it are part of it now: going on would pass over all of them.
      if (error?.code === 'CSV_MAX_RECORD_SIZE')
        throw Object.assign(
          new Error(
            `line ${Number(error['lines'] ?? 0)}: a row of more than ${mostRecord} bytes: a quote before ` +
              `it is not closed`,
          ),
          { retry: false },
        )
      onBadRow?.({
        line: Number(error?.['lines'] ?? 0),
        reason: error?.message ?? 'a row that cannot be read',
      })
      return undefined
    },
  })
  // What goes wrong on the way destroys the parser, and its reader gets the error.
  pipeline(Readable.from(unpackedBytes(sourceOf(from))), parser, () => undefined)
  for await (const { record, info } of parser as AsyncIterable<{
    readonly record: CsvRow
    readonly info: { readonly lines: number }
  }>) {
    let made: Update | readonly Update[] = []
    try {
      made = make(record)
    } catch (thrown) {
      onBadRow?.({
        line: info.lines,
        reason: String((thrown as { readonly message?: unknown }).message ?? thrown),
      })
    }
    if (Array.isArray(made)) yield* made as readonly Update<L['name']>[]
    else yield made as Update<L['name']>
  }
}
