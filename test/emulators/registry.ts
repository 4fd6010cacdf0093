// A registry in memory that several connections of one test share.
import { TE } from '../../src/fp.ts'
import type { Registered, Registry } from '../../src/drivers/google-cloud/datastore/registry.ts'

export const memoryRegistry = (): Registry => {
  const texts = new Map<string, Registered>()
  let versions = 0
  return {
    load: (name) => TE.fromIO(() => texts.get(name)),
    save: (name, text, expected) =>
      TE.fromIO(() => {
        if (texts.get(name)?.version !== expected) return undefined
        const version = String(++versions)
        texts.set(name, { text, version })
        return version
      }),
  }
}
