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

// Package fleet is the in-memory index of one collection of objects that answers
// lists and searches. Each replica of the program holds one Index for each of its
// collections. Package feed keeps the Index current.
//
// Read the files in this order; each part uses only the parts before it:
//
//   - row*.go: the model, which is one immutable Row for each object.
//   - schema*.go and order*.go: the fields of a collection, and orders of rows.
//   - table*.go: rows by ordinal, with posting lists in columns and one view for each
//     field that orders rows.
//   - search*.go: a search string's tree, compiled and then bound to a table.
//   - standing*.go: cached results of repeated searches.
//   - index*.go: locks, limits and waits around one table.
//
// # Cost of a page
//
// Without a search, a page costs next to nothing. Neither the size of the fleet nor
// the position of the page matters.
//
// The first request of a search costs one pass over posting lists, which grow by one
// bit for each row. In the default order, the index then finds the page directly. In
// another order, it takes the cheaper of two ways: walk a view from the end that is
// nearer to the page, or sort the matching rows. Some comparisons have no index: regular
// expressions on names, paths into free-form objects, and reasons of conditions. For
// these, the search tests each row that its other parts select, without the lock.
//
// While a search holds the lock, it may take a limited number of steps. They suffice for
// usual searches. A search that needs more steps, or that scans or sorts many rows, waits
// for a turn: few searches have a turn at a time, and callers get turns in rotation. A
// search with a turn may take more steps. If it needs even more, it does that work
// without the lock, and repeats it for rows that change meanwhile. So no search blocks
// writers, or readers that wait for writers, for long.
//
// A repeated search becomes a standing search: the Index caches which rows match, and
// each request tests only the rows that changed since the previous one. The cost of a
// page then depends on the number of these changes, for every search, every size of fleet
// and every order that was requested twice. Writers only record which rows they change,
// so neither many nor expensive standing searches slow them down. A standing search
// without requests costs nothing until another search evicts it.
//
// # What is not here
//
// Package facade implements HTTP and paging parameters. Package rest renders objects.
// Package feed lists and watches at the API server. Package tsl implements the search
// language.
package fleet
