// Json values: any JSON text, in one canonical form that loses no digit.
import { digitsBeyond, isRawJson, rawJson } from './json-exact.ts'
import { limits } from './limits.ts'

/** How deep the brackets of a JSON text go; strings are passed over. */
const depthOf = (text: string): number => {
  let depth = 0
  let deepest = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 34) {
      for (i++; i < text.length && text.charCodeAt(i) !== 34; i++) if (text.charCodeAt(i) === 92) i++
    } else if (c === 91 || c === 123) {
      if (++depth > deepest) deepest = depth
    } else if (c === 93 || c === 125) depth--
  }
  return deepest
}

// A number keeps its own digits where JavaScript's would name another number (1e400, 123456789012345678901).
const digitsKept = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
  if (typeof value !== 'number' || context?.source === undefined) return value
  const beyond = digitsBeyond(value, context.source)
  return beyond !== undefined ? rawJson(beyond) : value === 0 ? 0 : value
}

// A lone surrogate is no text in UTF-8: no engine could hold it.
const quoted = (text: string): string => {
  if (!text.isWellFormed()) throw new SyntaxError('not well-formed Unicode')
  return JSON.stringify(text)
}

const written = (value: unknown): string => {
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) return `[${value.map(written).join(',')}]`
  if (typeof value !== 'object' || value === null || isRawJson(value)) return JSON.stringify(value)
  const map = value as { readonly [key: string]: unknown }
  return `{${Object.keys(map)
    .sort()
    .map((key) => `${quoted(key)}:${written(map[key])}`)
    .join(',')}}`
}

/**
 * What a JSON text is: its canonical form (no white space, keys sorted, digits kept), or why there is none.
 */
export type CanonicalJson = { readonly text: string } | { readonly wrong: 'TooDeep' | 'WrongType' }

export const canonicalJson = (text: string): CanonicalJson => {
  if (depthOf(text) > limits.depth) return { wrong: 'TooDeep' }
  try {
    return { text: written(JSON.parse(text, digitsKept as never)) }
  } catch {
    return { wrong: 'WrongType' }
  }
}
