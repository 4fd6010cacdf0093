// Makes the demo's sample: changes of CRM leads and accounts over six weeks, with the accidents that real
// sources have.
import { writeFileSync } from 'node:fs'

type Line = {
  readonly type: string
  readonly change: 'upsert' | 'delete'
  readonly record: Record<string, unknown>
}

// A small linear congruential generator (Numerical Recipes): the same sample on every machine.
let seed = 20240105
const random = (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 32
}
const pick = <A>(all: readonly A[]): A => all[Math.floor(random() * all.length)] as A

const first = [
  'Ada',
  'Ben',
  'Chen',
  'Dana',
  'Elif',
  'Femi',
  'Greta',
  'Hugo',
  'Ines',
  'Jan',
  'Kaya',
  'Lars',
  'Mina',
  'Noor',
  'Omar',
  'Pia',
  'Quim',
  'Rosa',
  'Sven',
  'Tara',
]
const last = [
  'Abel',
  'Brandt',
  'Costa',
  'Dietz',
  'Eriksen',
  'Fuchs',
  'Garcia',
  'Horn',
  'Ito',
  'Jansen',
  'Kim',
  'Lopez',
  'Moreau',
  'Novak',
  'Okafor',
  'Peters',
  'Rossi',
  'Silva',
  'Tanaka',
  'Weber',
]
const companies = [
  'Wheelhouse',
  'Northern Lights',
  'Alpine Outfitters',
  'City Cargo',
  'Riverside Rentals',
  'Summit Sports',
  'Harbour Hire',
  'Green Gears',
  'Velo Verde',
  'Quick Courier',
  'Old Town Bikes',
  'Bright Spokes',
]
const cities = ['Berlin', 'Porto', 'Lyon', 'Oslo', 'Turin', 'Gdansk', 'Ghent', 'Graz']
const industries = ['Retail', 'Logistics', 'Tourism', 'Sports']
const stages = ['open', 'contacted', 'qualified', 'won', 'lost'] as const

const start = Date.UTC(2024, 0, 8, 7)
const minute = 60_000
const at = (minutes: number): string => new Date(start + minutes * minute).toISOString()

const accounts = companies.map((name, i) => ({
  id: `A${101 + i}`,
  name,
  industry: pick(industries),
  revenue: `${Math.round(200 + random() * 9000) * 1000}.50`,
  city: pick(cities),
}))
const leads = Array.from({ length: 40 }, (_, i) => {
  const given = first[i % first.length] as string
  const family = last[(i * 7 + Math.floor(i / 20)) % last.length] as string
  const account = pick(accounts)
  return {
    id: `L${1001 + i}`,
    name: `${given} ${family}`,
    email: `${given}.${family}@${account.name.toLowerCase().replace(/ /g, '-')}.example`.toLowerCase(),
    account: account.id,
    city: account.city,
    score: Math.floor(random() * 60),
    stage: 0,
    tags: [pick(['web', 'fair', 'referral'])],
  }
})

const lines: { readonly minutes: number; readonly text: string }[] = []
const push = (minutes: number, line: Line): void => void lines.push({ minutes, text: JSON.stringify(line) })
const leadLine = (lead: (typeof leads)[number], minutes: number): Line => ({
  type: 'Lead',
  change: 'upsert',
  record: {
    id: lead.id,
    name: lead.name,
    email: lead.email,
    account: lead.account,
    stage: stages[lead.stage],
    score: lead.score,
    tags: lead.tags,
    address: { city: lead.city, country: 'EU' },
    updatedAt: at(minutes),
  },
})

for (const account of accounts)
  push(Math.floor(random() * 600), {
    type: 'Account',
    change: 'upsert',
    record: { ...account, updatedAt: at(0) },
  })
for (const lead of leads) {
  let minutes = Math.floor(random() * 3 * 1440)
  push(minutes, leadLine(lead, minutes))
  for (let changes = 3 + Math.floor(random() * 8); changes > 0; changes--) {
    minutes += 60 + Math.floor(random() * 4 * 1440)
    if (random() < 0.6 && lead.stage < 3) lead.stage += random() < 0.15 ? 4 - lead.stage : 1
    if (random() < 0.5) lead.score = Math.min(100, lead.score + Math.floor(random() * 15))
    if (random() < 0.15) lead.city = pick(cities)
    if (random() < 0.2) lead.tags = [...new Set([...lead.tags, pick(['demo', 'newsletter', 'vip'])])]
    const line = leadLine(lead, minutes)
    // Some arrive days late, some arrive twice; the lead that the demo follows has both.
    const isShown = lead.id === 'L1006'
    const isLate = isShown ? changes === 3 : random() < 0.08
    push(minutes + (isLate ? (isShown ? 9000 : 2880 + Math.floor(random() * 4320)) : 0), line)
    if (isShown ? changes === 5 : random() < 0.1) push(minutes + 30, line)
  }
}
for (const account of accounts.slice(0, 8)) {
  const minutes = 5 * 1440 + Math.floor(random() * 25 * 1440)
  push(minutes, {
    type: 'Account',
    change: 'upsert',
    record: { ...account, revenue: `${Math.round(200 + random() * 9000) * 1000}.25`, updatedAt: at(minutes) },
  })
}
for (const lead of [leads[5], leads[17]])
  push(33 * 1440, { type: 'Lead', change: 'delete', record: { id: lead?.id, updatedAt: at(33 * 1440) } })
// The first of them comes back.
push(36 * 1440, leadLine(leads[5] as (typeof leads)[number], 36 * 1440))

const broken = [
  '{"type":"Lead","change":"upsert","record":{"id":"L1003","name":"cut off he',
  JSON.stringify({
    type: 'Lead',
    change: 'upsert',
    record: {
      name: 'Nobody',
      email: 'nobody@example',
      stage: 'open',
      score: 1,
      tags: [],
      updatedAt: at(9000),
    },
  }),
  JSON.stringify({
    type: 'Account',
    change: 'upsert',
    record: {
      id: 'A104',
      name: 'City Cargo',
      industry: 'Logistics',
      revenue: 'a lot',
      city: 'Oslo',
      updatedAt: at(12000),
    },
  }),
  JSON.stringify({
    type: 'Lead',
    change: 'upsert',
    record: {
      id: 'L1007',
      name: 'Greta Garcia',
      stage: 'pondering',
      score: 12.5,
      tags: [],
      updatedAt: 'yesterday',
    },
  }),
  JSON.stringify({ type: 'Opportunity', change: 'upsert', record: { id: 'O1', updatedAt: at(15000) } }),
]
broken.forEach((text, i) => lines.push({ minutes: 9000 + i * 6000, text }))

lines.sort((a, b) => a.minutes - b.minutes)
writeFileSync(new URL('crm-changes.jsonl', import.meta.url), `${lines.map(({ text }) => text).join('\n')}\n`)
console.log(`${lines.length} lines`)
