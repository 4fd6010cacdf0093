// The jsonl adapter: newline-delimited JSON, plain or gzip, from a file or a stream, to updates. The small
// one to copy.
import { checkOptions, exactJson } from 'dreampipe'
import { sourceOf, type Bytes } from '../reading/bytes.ts'
import { placed, reasonOf, rejected, wrongAnswer, type Rejected } from '../reading/rejected.ts'
import { encodingOf, texts } from '../reading/text.ts'

/** A line that could not be turned into updates; the lines behind it go on. */
export interface BadLine {
  /** 1 is the first line of the file. */
  readonly line: number
  readonly reason: string
  /** The line's first 200 characters. */
  readonly text: string
}

/**
 * An update as it stands in a file: which entity it names is known only at run time, so `never` lets it into
 * any pipeline, which checks it.
 */
export interface Raw {
  readonly entity: never
  readonly yadto: unknown
}

/** How lines become updates. */
export interface JsonlOptions<U> {
  /**
   * The update or updates of one parsed line; what it throws makes the line a bad one. By default the parsed
   * line itself: `{ entity, yadto }`. A number that JavaScript would round comes as an `ExactNumber`.
   */
  readonly normalise?: (record: unknown, line: number) => U | readonly U[]
  /** Told of every bad line, which `submitAll` counts as rejected in any case. */
  readonly onBadLine?: (bad: BadLine) => void
  /**
   * Characters of one line at most; a longer one is bad. 4,000,000 by default: an event holds a million
   * bytes.
   */
  readonly maxLength?: number
  /** How the bytes are text, as TextDecoder names it (`latin1`, `utf-16le`); `utf-8` unless said. */
  readonly encoding?: string
}

interface Line {
  readonly number: number
  readonly text: string
  readonly tooLong: boolean
}

// Whole lines, each ended by LF, CRLF or CR; of one that is too long only the beginning is kept.
const lines = async function* (pieces: AsyncIterable<string>, maxLength: number): AsyncGenerator<Line> {
  let number = 0
  let rest = ''
  let dropped = false
  let isBehindCr = false
  const line = (text: string): Line => {
    const tooLong = dropped || text.length > maxLength
    dropped = false
    return { number: ++number, text, tooLong }
  }
  for await (const text of pieces) {
    if (text === '') continue
    let at = isBehindCr && text.startsWith('\n') ? 1 : 0
    // Most files have no CR: one look at the piece tells.
    const hasCr = text.includes('\r')
    let cr = hasCr ? text.indexOf('\r', at) : -1
    let lf = text.indexOf('\n', at)
    while (lf !== -1 || cr !== -1) {
      const isCr = cr !== -1 && (lf === -1 || cr < lf)
      const end = isCr ? cr : lf
      yield line(rest + text.slice(at, end))
      rest = ''
      at = isCr && lf === end + 1 ? end + 2 : end + 1
      if (lf !== -1 && lf < at) lf = text.indexOf('\n', at)
      if (isCr) cr = text.indexOf('\r', at)
    }
    isBehindCr = text.endsWith('\r')
    rest += text.slice(at)
    if (rest.length > maxLength) {
      dropped = true
      rest = rest.slice(0, 200)
    }
  }
  if (rest !== '' || dropped) yield line(rest)
}

/**
 * Updates from newline-delimited JSON: a path, a file URL, or a stream of bytes or text. Empty lines are
 * passed over; a line that is no JSON, or that `normalise` refuses, is yielded as an update that is rejected
 * with its line and the reason, and the rest goes on. Throws `InvalidDefinition` for an option that is not
 * known, and while reading `SourceFailed` where a byte is no text. Reading as slowly as it is consumed, with
 * flat memory.
 */
export const jsonl = <U = Raw>(
  from: string | URL | Bytes,
  options: JsonlOptions<U> = {},
): AsyncGenerator<U | Rejected> => {
  checkOptions('jsonl', options)
  return updates(from, options, encodingOf('jsonl', options.encoding))
}

// What a line must not become: nothing at all would be in no count.
const noUpdate = (made: unknown, isRaw: boolean): string | undefined => {
  if (!isRaw) return wrongAnswer(made)
  const all: readonly unknown[] = Array.isArray(made) ? made : [made]
  return all.length > 0 && all.every((each) => typeof each === 'object' && each !== null)
    ? undefined
    : 'the line holds no update: { entity, yadto }'
}

const updates = async function* <U>(
  from: string | URL | Bytes,
  { normalise, onBadLine, maxLength = 4_000_000 }: JsonlOptions<U>,
  encoding: string,
): AsyncGenerator<U | Rejected> {
  const pieces = texts(sourceOf(from), 'jsonl', encoding)
  for await (const { number, text, tooLong } of lines(pieces, maxLength)) {
    if (text.trim() === '') continue
    let made: U | readonly U[]
    try {
      if (tooLong) throw new RangeError(`the line has more than ${maxLength} characters`)
      const record: unknown = exactJson(text)
      made = normalise === undefined ? (record as U) : normalise(record, number)
      const wrong = noUpdate(made, normalise === undefined)
      if (wrong !== undefined) throw new TypeError(wrong)
    } catch (thrown) {
      const reason = reasonOf(thrown)
      onBadLine?.({ line: number, reason, text: text.slice(0, 200) })
      yield rejected(number, reason)
      continue
    }
    if (!Array.isArray(made)) yield placed(made as U, number)
    else for (const each of made as readonly U[]) yield placed(each, number)
  }
}
