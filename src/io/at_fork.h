// AtFork: what is done before this process forks, and after it, in both. For what must not be open
// across a fork: SQLite, for one, keeps a table of the locks that a process has, which a child
// inherits without the locks (https://sqlite.org/howtocorrupt.html, 2.6).
#pragma once

#include <functional>
#include <list>

namespace coeval {

// `before` may take locks, which `after` gives back: it runs in the thread that forks, before and
// after. Neither may make or end another AtFork. A child without threads of its parent finds what
// `before` left. Not called by vfork and posix_spawn, which run another program at once.
// Threads: any may make and end one; its end waits for a fork that is on its way.
class AtFork {
 public:
  AtFork(std::function<void()> before, std::function<void()> after);
  AtFork(const AtFork&) = delete;
  AtFork& operator=(const AtFork&) = delete;
  ~AtFork();

 private:
  friend struct ForkHooks;

  std::function<void()> before_;
  std::function<void()> after_;
  std::list<AtFork*>::iterator place_;
};

}  // namespace coeval
