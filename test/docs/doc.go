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

// Package docs runs the commands of Markdown pages in a shell, and compares their output
// with the output that the pages show. test/e2e calls it with a running HyperFleet.
//
// A page is one session, from its first line to its last:
//
//   - A block of the language sh has commands. A later block without a language, or of
//     json, is their output. Without one the last command must succeed.
//   - A block of the language console has commands after $, each with its output.
//   - <!-- not run: REASON --> before a block says why it is neither commands nor output.
//   - <!-- no block is run: REASON --> says so of the rest of the page.
//   - <!-- output: some lines --> before output says that it leaves out lines anywhere. A
//     line with … alone in output stands for lines that it leaves out there.
//   - <!-- file: NAME --> before a block writes it to a file.
//   - <!-- run: COMMANDS --> has commands that readers do not see.
//
// Not in this package: the subjects of the pages, and how HyperFleet is started.
package docs
