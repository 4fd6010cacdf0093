// A schema grown by an update, with what contradicts it.
import type { Problem } from '../../src/model/problem.ts'
import { growAll, type PropertySchemas } from '../../src/model/schema.ts'
import type { Yadto } from '../../src/model/yadto.ts'

export const grown = (
  known: PropertySchemas,
  yadto: Yadto,
): { readonly schemas: PropertySchemas; readonly problems: readonly Problem[] } => {
  const problems: Problem[] = []
  return { schemas: growAll(known, yadto, '', problems), problems }
}
