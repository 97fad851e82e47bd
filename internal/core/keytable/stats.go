package keytable

// Stats describes a table.
type Stats struct {
	Busy    int    // keys that have a word and whose bucket is not full
	Crowded uint64 // calls of keys that found no room and shared the overflow
	Bytes   int    // memory of the table
}

// Stats describes t at the time now. It looks at every word.
func (t *Table) Stats(now int64) Stats {
	g := t.current.Load()
	stats := Stats{}
	for i := range g.len() {
		grid := g.at(i)
		stats.Busy = max(stats.Busy, grid.busy(now))
		stats.Bytes += grid.bytes()
	}
	for i := range g.first.stripes {
		s := &g.first.stripes[i]
		s.mu.Lock()
		stats.Crowded += s.crowded
		s.mu.Unlock()
	}
	return stats
}

// busy counts the keys with a word whose bucket is not full. It is exact but for
// the keys that are used meanwhile.
func (g *grid) busy(now int64) int {
	floor, busy := g.limit.Moment(now).Floor, 0
	for i := range g.stripes {
		if quarterOf(floor) > g.stripes[i].quarter.Load()+1 {
			continue // nothing is busy for so long without a call
		}
		for j, lines := 0, g.linesOf(i); j < len(lines); j++ {
			busy += lines[j].busy(floor)
		}
	}
	return busy
}

func (l *line) busy(floor int64) (busy int) {
	for i := range l {
		word := l[i].Load()
		if word != 0 && word != moved && unpack(word, floor) > floor {
			busy++
		}
	}
	return busy
}
