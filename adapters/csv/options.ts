// The options of the csv adapter, checked and with what stands for those that are left out.
import { checkOptions, invalidOption, type AnyEntity, type Change, type Update } from 'dreampipe'
import { encodingOf } from '../reading/text.ts'
import { dateReader, type CsvDates } from './dates.ts'
import type { Dialect } from './rows.ts'
import type { Reading } from './values.ts'

/** A row as it stands in the file: header to text. */
export type CsvRow = { readonly [header: string]: string }

/** A row that could not be turned into updates; the rows behind it go on. */
export interface BadRow {
  /** The line that it begins on; 1 is the file's first. */
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
  /** Told of every bad row, which `submitAll` counts as rejected in any case. */
  readonly onBadRow?: (bad: BadRow) => void
  /** One character, or several; `,` unless said. */
  readonly delimiter?: string
  /** The headers, where the file has none. */
  readonly headers?: readonly string[]
  /** How the bytes are text, as TextDecoder names it (`latin1`, `utf-16le`); `utf-8` unless said. */
  readonly encoding?: string
  /** The character that encloses cells, `"` unless said; `false`: quotes are text like any other. */
  readonly quote?: string | false
  /** Lines that begin with it are passed over; there are none unless said. */
  readonly comment?: string
  /** Lines that are passed over at the beginning, before the headers. */
  readonly skipLines?: number
  /** Header to property, where they differ; a header that carries metadata must stand here. */
  readonly columns?: { readonly [header: string]: string }
  /** Texts that mean null; beside them an empty one does, unless it is a required String's. */
  readonly nulls?: readonly string[]
  /** The decimal point of Decimal and Double; `.` unless said. */
  readonly decimal?: '.' | ','
  /**
   * A row with another number of cells than there are columns: `reject`, unless said; `pad`: missing cells
   * are empty; `ignore`: missing cells are left out, and surplus ones passed over.
   */
  readonly ragged?: 'reject' | 'pad' | 'ignore'
  /** How DateTime and Date texts are written; ISO 8601 unless said, a day alone being its midnight in UTC. */
  readonly dates?: CsvDates
}

/** Characters of one row: far more than an event holds. */
const longest = 4_000_000

/** What reading a file needs. */
export interface Checked {
  readonly encoding: string
  readonly dialect: Dialect
  readonly reading: Reading
  readonly ragged: 'reject' | 'pad' | 'ignore'
}

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && !/[\r\n]/.test(value)

/** Throws `InvalidDefinition`, naming the option, where one is not known or cannot be. */
export const checked = <L extends AnyEntity>(options: CsvOptions<L>): Checked => {
  checkOptions('csv', options ?? null)
  const refuse = (option: string, why: string): never => {
    throw invalidOption('csv', option, why)
  }
  const { delimiter = ',', quote = '"', comment, skipLines = 0, decimal = '.', ragged = 'reject' } = options
  if (typeof options.entity?.name !== 'string') refuse('entity', 'is what entity() made')
  if (typeof options.source !== 'string' || options.source === '') refuse('source', 'says who sent it')
  if (!isText(delimiter)) refuse('delimiter', 'is text without a line end')
  if (quote !== false && (!isText(quote) || quote.length !== 1)) refuse('quote', 'is one character, or false')
  if (quote !== false && delimiter.includes(quote)) refuse('delimiter', 'holds the quote')
  if (comment !== undefined && !isText(comment)) refuse('comment', 'is text without a line end')
  if (!Number.isSafeInteger(skipLines) || skipLines < 0) refuse('skipLines', 'is a number of lines')
  if (decimal !== '.' && decimal !== ',') refuse('decimal', "is '.' or ','")
  if (!['reject', 'pad', 'ignore'].includes(ragged)) refuse('ragged', "is 'reject', 'pad' or 'ignore'")
  const isTexts = (list: unknown): boolean =>
    Array.isArray(list) && list.every((each) => typeof each === 'string')
  for (const option of ['headers', 'nulls'] as const)
    if (options[option] !== undefined && !isTexts(options[option])) refuse(option, 'is a list of texts')
  const { columns = {} } = options
  if (typeof columns !== 'object' || columns === null || !isTexts(Object.values(columns)))
    refuse('columns', 'is an object, header to property')
  if (options.dates !== undefined) checkOptions('csv.dates', options.dates)
  return {
    encoding: encodingOf('csv', options.encoding),
    dialect: { delimiter, quote: quote === false ? undefined : quote, comment, skipLines, longest },
    reading: {
      nulls: new Set(options.nulls),
      decimal,
      dates: options.dates === undefined ? undefined : dateReader(options.dates),
    },
    ragged,
  }
}
