package trip

// ForceOpen opens the machine until a time, or [Forever]; then it probes.
func (m *Machine) ForceOpen(until int64) Change {
	c := Change{Why: Ordered}
	if until != Forever {
		c.Hold = until - m.latest
	}
	if m.Phase() != Open {
		c = m.enter(Open, c)
	}
	m.outage.until, m.outage.forced = until, true
	return c
}

// ForceClosed closes the machine, and lets no rule open it until a time. What it
// counts meanwhile counts afterwards.
func (m *Machine) ForceClosed(until int64) Change {
	c := Change{Why: Ordered}
	if !m.Phase().closed() {
		c = m.enter(Closed, c)
	}
	m.held = until
	return c
}

// Reset closes the machine, and makes it forget what it has counted.
func (m *Machine) Reset() Change { return m.enter(Closed, Change{Why: Ordered}) }

// Update changes the rules and keeps the state and the counts. A cooldown under
// way becomes no longer than the new rules allow.
func (m *Machine) Update(rules *Rules) {
	old := m.rules.Swap(rules)
	m.window.Roll(m.latest, old.width())
	if m.Phase() == Open && !m.outage.forced {
		m.outage.until = min(m.outage.until, m.latest+rules.MaxCooldown)
	}
	if m.Phase() == Probing { // those that succeeded must not hold every slot
		m.outage.passed = min(m.outage.passed, rules.Probes-1)
	}
	word := m.word.Load()
	if !phaseOf(word).closed() || old.SlowCall == rules.SlowCall {
		return
	}
	// Whether a call is among those that run is part of the word, so it takes a
	// new generation. The calls under way now will not be counted.
	next := pack(generation(word)+1, Closed)
	if rules.SlowCall > 0 {
		next = pack(generation(word)+1, Timed)
		m.track(tagOf(next), rules)
	}
	m.window.Retag(tagOf(next))
	m.streak.Store(uint64(tagOf(next))<<streakBits | m.streak.Load()&streakMask)
	m.word.Store(next)
}
