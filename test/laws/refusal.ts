// How the laws have the decoder refuse: quickly, in bounded number, each problem with its code.
import { expect } from 'vitest'
import { E } from '../../src/fp.ts'
import { decodeYadto } from '../../src/model/decode.ts'
import type { Problem } from '../../src/model/problem.ts'

export const milliseconds = (run: () => void): number => {
  const from = performance.now()
  run()
  return performance.now() - from
}

/** The problems of an input that must be refused, quickly and in bounded number. */
export const refused = (input: unknown, within = 1_500): readonly Problem[] => {
  let result = decodeYadto(undefined)
  const took = milliseconds(() => {
    result = decodeYadto(input)
  })
  if (E.isRight(result)) throw new Error('was accepted')
  expect(took).toBeLessThan(within)
  expect(result.left.length).toBeGreaterThan(0)
  expect(result.left.length).toBeLessThanOrEqual(1_000)
  for (const { code, path, message } of result.left)
    expect([typeof code, typeof path, typeof message]).toEqual(['string', 'string', 'string'])
  return result.left
}

export const codes = (problems: readonly Problem[]): readonly string[] => [
  ...new Set(problems.map(({ code }) => code)),
]
