// The jsonl adapter: newline-delimited JSON, plain or gzip, from a file or a stream, to updates. The small
// one to copy.
import { sourceOf, unpackedBytes, type Bytes } from '../reading.ts'

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
   * line itself: `{ entity, yadto }`.
   */
  readonly normalise?: (record: unknown, line: number) => U | readonly U[]
  /** Told of every bad line; by default they are only counted. */
  readonly onBadLine?: (bad: BadLine) => void
  /**
   * Characters of one line at most; a longer one is bad. 4,000,000 by default: an event holds a million
   * bytes.
   */
  readonly maxLength?: number
}

const texts = async function* (source: Bytes): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8')
  for await (const chunk of unpackedBytes(source)) yield decoder.decode(chunk, { stream: true })
  yield decoder.decode()
}

interface Line {
  readonly number: number
  readonly text: string
  readonly tooLong: boolean
}

// Whole lines; of one that is too long only the beginning is kept.
const lines = async function* (source: Bytes, maxLength: number): AsyncGenerator<Line> {
  let number = 0
  let rest = ''
  let dropped = false
  const line = (text: string): Line => {
    const tooLong = dropped || text.length > maxLength
    dropped = false
    return { number: ++number, text, tooLong }
  }
  for await (const text of texts(source)) {
    let at = 0
    for (let end = text.indexOf('\n', at); end !== -1; end = text.indexOf('\n', at)) {
      yield line(rest + text.slice(at, end))
      rest = ''
      at = end + 1
    }
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
 * passed over; a line that
 * is no JSON, or that `normalise` refuses, is told and the rest goes on. Reading as slowly as it is consumed,
 * with flat memory.
 */
export const jsonl = async function* <U = Raw>(
  from: string | URL | Bytes,
  options: JsonlOptions<U> = {},
): AsyncGenerator<U> {
  const { normalise, onBadLine, maxLength = 4_000_000 } = options
  for await (const { number, text, tooLong } of lines(sourceOf(from), maxLength)) {
    if (text.trim() === '') continue
    let updates: readonly U[] = []
    try {
      if (tooLong) throw new RangeError(`the line has more than ${maxLength} characters`)
      const record: unknown = JSON.parse(text)
      const made = normalise === undefined ? (record as U) : normalise(record, number)
      updates = Array.isArray(made) ? (made as readonly U[]) : [made as U]
    } catch (thrown) {
      onBadLine?.({
        line: number,
        reason: String((thrown as { readonly message?: unknown }).message ?? thrown),
        text: text.slice(0, 200),
      })
      continue
    }
    yield* updates
  }
}
