/*
Copyright 2026 The HyperFleet Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package docs

import (
	"fmt"
	"regexp"
	"strings"
)

// A Step is one step of a page. Steps are in the order of the page.
type Step struct {
	// Line is the number of the step's first line in the page.
	Line int

	// Commands are the commands for a shell. They are empty if the step writes a file.
	Commands string

	// Output is the output of the commands, nil if the page does not show it.
	Output *Output

	// File is the name of the file to write, and Content its content.
	File, Content string
}

// Output is the output of commands as a page shows it.
type Output struct {
	Text string
	JSON bool // compared as a JSON value, as pages break its lines
	Some bool // lines are left out anywhere
}

var (
	fence     = regexp.MustCompile("^( *)```([a-z]*)$")
	directive = regexp.MustCompile(`(?s)^ *<!-- (no block is run|not run|output|file|run):(.*?)-->\s*$`)
)

// Parse returns the steps of a page. It fails for a block that is neither run nor
// explained.
func Parse(page string) ([]Step, error) {
	p := parser{lines: strings.Split(page, "\n")}
	for p.next < len(p.lines) {
		if err := p.line(); err != nil {
			return nil, err
		}
	}
	return p.steps, nil
}

type parser struct {
	lines []string
	next  int // the index of the next line
	steps []Step

	before struct{ word, argument string } // the directive before the next block
}

// line reads the next line, and the block or comment that begins there.
func (p *parser) line() error {
	line := p.lines[p.next]
	switch {
	case fence.MatchString(line):
		return p.block()
	case strings.HasPrefix(strings.TrimSpace(line), "<!--"):
		return p.comment()
	}
	p.next++
	if strings.TrimSpace(line) != "" && p.before.word != "" {
		return fmt.Errorf("line %d: there is no block after %q", p.next, p.before.word)
	}
	return nil
}

// comment reads a comment, which may have several lines.
func (p *parser) comment() error {
	start := p.next
	for p.next < len(p.lines) && !strings.Contains(p.lines[p.next], "-->") {
		p.next++
	}
	p.next++
	text := strings.Join(p.lines[start:min(p.next, len(p.lines))], "\n")
	found := directive.FindStringSubmatch(text)
	if found == nil {
		return nil // a comment for editors
	}
	word, argument := found[1], strings.TrimSpace(found[2])
	switch {
	case argument == "", word == "output" && argument != "some lines":
		return fmt.Errorf("line %d: %q says nothing that can be done", start+1, word)
	case word == "no block is run":
		p.next = len(p.lines)
	case word == "run":
		p.steps = append(p.steps, Step{Line: start + 1, Commands: argument})
	default:
		p.before.word, p.before.argument = word, argument
	}
	return nil
}

// block reads a fenced block.
func (p *parser) block() error {
	start := p.next
	opened := fence.FindStringSubmatch(p.lines[start])
	indent, language := opened[1], opened[2]
	var content []string
	for p.next++; p.next < len(p.lines) && strings.TrimRight(p.lines[p.next], " ") != indent+"```"; p.next++ {
		content = append(content, strings.TrimPrefix(p.lines[p.next], indent))
	}
	if p.next == len(p.lines) {
		return fmt.Errorf("line %d: the block has no end", start+1)
	}
	p.next++
	before := p.before
	p.before.word, p.before.argument = "", ""
	text := strings.Join(content, "\n")
	switch {
	case before.word == "not run":
	case before.word == "file":
		p.steps = append(p.steps, Step{Line: start + 1, File: before.argument, Content: text + "\n"})
	case language == "sh":
		p.steps = append(p.steps, Step{Line: start + 1, Commands: text})
	case language == "console":
		return p.console(start+2, content)
	case language == "" && !p.output(Output{Text: text, Some: before.word == "output"}):
		return fmt.Errorf("line %d: the block is neither run nor explained: no commands before it lack their output", start+1)
	case language == "json":
		p.output(Output{Text: text, JSON: true}) // otherwise, it is an illustration
	}
	return nil
}

// output adds the output to the last commands, if there are any and they have no output
// yet.
func (p *parser) output(o Output) bool {
	if len(p.steps) == 0 {
		return false
	}
	last := &p.steps[len(p.steps)-1]
	if last.Commands == "" || last.Output != nil {
		return false
	}
	last.Output = &o
	return true
}

// console reads the content of a block with commands and output. line is the number of
// its first line.
func (p *parser) console(line int, content []string) error {
	for i, text := range content {
		if commands, ok := strings.CutPrefix(text, "$ "); ok {
			p.steps = append(p.steps, Step{Line: line + i, Commands: commands, Output: &Output{}})
			continue
		}
		if i == 0 {
			return fmt.Errorf("line %d: the block begins without a command", line)
		}
		p.steps[len(p.steps)-1].Output.Text += text + "\n"
	}
	return nil
}
