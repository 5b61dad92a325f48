/// Boost.Asio as the door uses it: only http_server.cpp and session*.cpp include this.
#pragma once

#ifdef __SANITIZE_THREAD__
#define BOOST_ASIO_DISABLE_FENCED_BLOCK  // the sanitizer knows no fences; the queue's mutex orders the same
#endif
#define BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING  // a long block goes to whoever wants a short one, for hours
// clang-format off
#include <utility>  // Boost 1.74 forgets it in C++20
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
// clang-format on
#include <chrono>

namespace naru::server {

/// The types of Asio for one kind of executor: smaller and faster than those that hide which it is.
using Executor = boost::asio::io_context::executor_type;
template <class T>
using Task = boost::asio::awaitable<T, Executor>;
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;
using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor>;
using Steady = std::chrono::steady_clock;
using Timer = boost::asio::basic_waitable_timer<Steady, boost::asio::wait_traits<Steady>, Executor>;
inline constexpr boost::asio::use_awaitable_t<Executor> kAwait;

}  // namespace naru::server
