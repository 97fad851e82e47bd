package config

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// place is where something stands in a file, counted from 1.
type place struct {
	line, column int
	width        int
}

// source is the text that places refer to.
type source struct {
	file  string
	lines []string
}

// newSource keeps the lines of a file to show them. Control characters become
// visible, so that a file cannot play tricks on a terminal.
func newSource(file string, data []byte) source {
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return '\uFFFD'
		}
		return r
	}, strings.ReplaceAll(string(data), "\r\n", "\n"))
	return source{file, strings.Split(text, "\n")}
}

// mistake returns the mistake at a place.
func (s source) mistake(p place, path, text string) Mistake {
	m := Mistake{File: s.file, Line: p.line, Column: p.column, Path: path, Text: text, width: p.width}
	if p.line > 0 && p.line <= len(s.lines) {
		m.source = s.lines[p.line-1]
	}
	return m
}

func (d *decoder) mistake(n ast.Node, path, format string, args ...any) {
	d.found = append(d.found, d.source.mistake(placeOf(n), path, fmt.Sprintf(format, args...)))
}

// placeOf returns the place of a value or a key. A mapping in block style stands
// where its first key does.
func placeOf(n ast.Node) place {
	switch node := n.(type) {
	case *ast.MappingNode:
		if !node.IsFlowStyle && len(node.Values) > 0 {
			return placeOf(node.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return placeOf(node.Key)
	case *ast.AnchorNode:
		return placeOf(node.Value)
	}
	return placeOfToken(n.GetToken())
}

func placeOfToken(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{}
	}
	width := utf8.RuneCountInString(t.Value)
	if t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType {
		width += 2
	}
	return place{t.Position.Line, t.Position.Column, max(1, width)}
}

// rejoin returns the plain scalar that the YAML parser has split at a colon, or
// nil if n is a mapping. The parser takes the list in {endpoints: [http://a:80]}
// for one of mappings from http://a to 80, although no space follows the colon.
func rejoin(n *ast.MappingNode) ast.Node {
	if n.IsFlowStyle || len(n.Values) != 1 {
		return nil
	}
	key, ok := n.Values[0].Key.(*ast.StringNode)
	value, scalar := n.Values[0].Value.(ast.ScalarNode)
	if !ok || !scalar || key.Token.Type != token.StringType {
		return nil
	}
	colon, after := n.Values[0].Start.Position, value.GetToken().Position
	if colon.Line != after.Line || colon.Column+1 != after.Column {
		return nil
	}
	whole := *key.Token
	whole.Value += ":" + value.GetToken().Value
	return ast.String(&whole)
}
