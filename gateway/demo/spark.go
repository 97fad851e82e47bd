package demo

import (
	"math"
	"strings"
)

var levels = []rune("▁▂▃▄▅▆▇█")

// spark draws values from 0 to top, a column each. Unknown ones (NaN) are left
// blank, and left out at the end. color colors a column by its value.
func spark(values []float64, top float64, color func(value float64, text string) string) string {
	var line strings.Builder
	for _, value := range values {
		if math.IsNaN(value) {
			line.WriteByte(' ')
			continue
		}
		line.WriteString(color(value, string(levels[level(value, top)])))
	}
	return strings.TrimRight(line.String(), " ")
}

func level(value, top float64) int {
	if top <= 0 {
		return 0
	}
	return max(0, min(len(levels)-1, int(value/top*float64(len(levels)-1)+0.5)))
}

// resample returns values in a number of columns: each is the mean of those it
// covers.
func resample(values []float64, columns int) []float64 {
	result := make([]float64, columns)
	for i := range result {
		begin := i * len(values) / columns
		end := max(begin+1, (i+1)*len(values)/columns)
		result[i] = mean(values[begin:end])
	}
	return result
}

// mean returns the mean of the values that are known, or NaN.
func mean(values []float64) float64 {
	sum, known := 0.0, 0
	for _, v := range values {
		if !math.IsNaN(v) {
			sum, known = sum+v, known+1
		}
	}
	if known == 0 {
		return math.NaN()
	}
	return sum / float64(known)
}

// peak returns the highest of the values that are known, or zero.
func peak(series ...[]float64) float64 {
	highest := 0.0
	for _, values := range series {
		for _, v := range values {
			if v > highest { // never so for NaN
				highest = v
			}
		}
	}
	return highest
}
