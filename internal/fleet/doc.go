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
// The files read in one direction; each part uses only the parts before it:
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
// these, the search scans the rows that its other parts leave, without the lock.
//
// A search has a number of steps for what it does with the lock. They suffice for usual
// searches. A search that needs more, and one that scans or sorts many rows, waits for its
// turn: few searches have one at a time, and callers get turns in rotation. In its turn it
// has more steps. What even these do not suffice for is done without the lock, and what
// changes meanwhile is done again. So no search keeps writers, or readers that wait for
// writers, from the index for long.
//
// A repeated search becomes a standing search: the Index caches which rows match, and
// each request tests only the rows that changed since the previous one. A page then
// costs what has changed, for every search, every size of fleet and every order that
// was requested twice. Writers only record which rows they change, so neither many nor
// expensive standing searches slow them down. A standing search without requests costs
// nothing until another search evicts it.
//
// # What is not here
//
// Package facade has HTTP and paging parameters, package rest the rendering of objects,
// package feed the lists and watches of the API server, and package tsl the search
// language.
package fleet
