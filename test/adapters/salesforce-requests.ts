// How the tests of faults read, and the server's requests that the faults are for.
import type { PeopleOptions } from './salesforce-kit.ts'

export const rest: PeopleOptions = { reading: { via: 'rest' } }
export const bulk: PeopleOptions = { reading: { via: 'bulk', bulkPage: 10 } }
export const queries = /\/query/
export const nexts = /\/query\/01g/
export const results = /\/results/
